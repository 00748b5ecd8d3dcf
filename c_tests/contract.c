/* The numbers and signatures that programs outside rely on. */
#include "check.h"

#define NUMBER(name, value) _Static_assert(name == (value), #name " is " #value)
NUMBER(PLATTLI_OK, 0);
NUMBER(PLATTLI_ERR_ARGUMENT, 1);
NUMBER(PLATTLI_ERR_TYPE, 2);
NUMBER(PLATTLI_ERR_STATE, 3);
NUMBER(PLATTLI_ERR_NOT_FOUND, 4);
NUMBER(PLATTLI_ERR_EXISTS, 5);
NUMBER(PLATTLI_ERR_BUSY, 6);
NUMBER(PLATTLI_ERR_CORRUPT, 7);
NUMBER(PLATTLI_ERR_IO, 8);
NUMBER(PLATTLI_ERR_OVERLOADED, 9);
NUMBER(PLATTLI_ERR_BUFFER, 10);
NUMBER(PLATTLI_ERR_FORKED, 11);
NUMBER(PLATTLI_ERR_UNSUPPORTED, 12);
NUMBER(PLATTLI_ERR_INTERNAL, 13);
NUMBER(PLATTLI_F32, 1);
NUMBER(PLATTLI_F64, 2);
NUMBER(PLATTLI_I8, 3);
NUMBER(PLATTLI_I16, 4);
NUMBER(PLATTLI_I32, 5);
NUMBER(PLATTLI_I64, 6);
NUMBER(PLATTLI_U8, 7);
NUMBER(PLATTLI_U16, 8);
NUMBER(PLATTLI_U32, 9);
NUMBER(PLATTLI_U64, 10);
NUMBER(PLATTLI_JSON, 11);
NUMBER(PLATTLI_COMPACTING, 0);
NUMBER(PLATTLI_DIRECT, 1);
NUMBER(PLATTLI_BULK, 2);
NUMBER(PLATTLI_DURABLE_PROCESS, 0);
NUMBER(PLATTLI_DURABLE_SYSTEM, 1);
NUMBER(PLATTLI_OVERLOAD_WAIT, 0);
NUMBER(PLATTLI_OVERLOAD_SHED, 1);
NUMBER(PLATTLI_IO_RETRY, 0);
NUMBER(PLATTLI_IO_FAIL, 1);

NUMBER(PLATTLI_ALL, 0);
NUMBER(PLATTLI_STEPS, 1);
NUMBER(PLATTLI_VALUES, 2);
NUMBER(PLATTLI_POSITIONS, 3);
NUMBER(PLATTLI_STANDARD, 0);
NUMBER(PLATTLI_STORAGE, -1);
NUMBER(PLATTLI_KIND_AUTO, 0);
NUMBER(PLATTLI_KIND_FOLDER, 1);
NUMBER(PLATTLI_KIND_ARCHIVE, 2);

_Static_assert(offsetof(plattli_writer_stats, size) == 0, "size comes first");
_Static_assert(sizeof(plattli_writer_stats) == sizeof(size_t) + 13 * sizeof(uint64_t), "stats only ever grow");
_Static_assert(offsetof(plattli_metric_info, size) == 0, "size comes first");
_Static_assert(offsetof(plattli_metric_info, rows) == sizeof(size_t) + 8, "the order is that of the contract");
_Static_assert(sizeof(plattli_metric_info) == sizeof(size_t) + 24, "info only ever grows");
_Static_assert(sizeof(plattli_selection) == 40, "a selection has six members and no holes");
_Static_assert(offsetof(plattli_import_report, size) == 0, "size comes first");

/* Assigning to a pointer of the agreed type fails to compile when a signature has changed. */
#define SIGNATURE(name, result, ...) \
    do {                             \
        result (*f)(__VA_ARGS__) = name; \
        CHECK(f != NULL);            \
    } while (0)

#define WRITES(suffix, type)                                                         \
    SIGNATURE(plattli_write_##suffix, int32_t, plattli_writer *, const char *, type); \
    SIGNATURE(plattli_put_##suffix, int32_t, plattli_writer *, uint32_t, type)

#define READS(suffix, type)                                                                                          \
    SIGNATURE(plattli_read_##suffix, int32_t, plattli_reader *, const char *, const plattli_selection *, uint32_t *, \
              type *, size_t, size_t *)

static void signatures_are_those_of_the_contract(void) {
    SIGNATURE(plattli_last_error, const char *, void);
    SIGNATURE(plattli_last_error_copy, size_t, char *, size_t);
    SIGNATURE(plattli_status_name, const char *, int32_t);
    SIGNATURE(plattli_version, uint32_t, void);
    SIGNATURE(plattli_version_string, const char *, void);
    SIGNATURE(plattli_has_feature, bool, const char *);
    SIGNATURE(plattli_writer_open, int32_t, const char *, const plattli_writer_options *, plattli_writer **);
    SIGNATURE(plattli_writer_metric, int32_t, plattli_writer *, const char *, int32_t, uint32_t *);
    WRITES(f32, float);
    WRITES(f64, double);
    WRITES(i8, int8_t);
    WRITES(i16, int16_t);
    WRITES(i32, int32_t);
    WRITES(i64, int64_t);
    WRITES(u8, uint8_t);
    WRITES(u16, uint16_t);
    WRITES(u32, uint32_t);
    WRITES(u64, uint64_t);
    WRITES(bool, bool);
    SIGNATURE(plattli_write_str, int32_t, plattli_writer *, const char *, const char *, size_t);
    SIGNATURE(plattli_write_json, int32_t, plattli_writer *, const char *, const char *, size_t);
    SIGNATURE(plattli_put_str, int32_t, plattli_writer *, uint32_t, const char *, size_t);
    SIGNATURE(plattli_put_json, int32_t, plattli_writer *, uint32_t, const char *, size_t);
    SIGNATURE(plattli_put_row_f64, int32_t, plattli_writer *, const uint32_t *, const double *, size_t);
    SIGNATURE(plattli_put_row_f32, int32_t, plattli_writer *, const uint32_t *, const float *, size_t);
    SIGNATURE(plattli_writer_step, int32_t, plattli_writer *, uint32_t *);
    SIGNATURE(plattli_writer_set_step, int32_t, plattli_writer *, uint32_t);
    SIGNATURE(plattli_end_step, int32_t, plattli_writer *);
    SIGNATURE(plattli_flush, int32_t, plattli_writer *);
    SIGNATURE(plattli_sync, int32_t, plattli_writer *);
    SIGNATURE(plattli_writer_set_config, int32_t, plattli_writer *, const char *, size_t);
    SIGNATURE(plattli_writer_get_stats, int32_t, plattli_writer *, plattli_writer_stats *);
    SIGNATURE(plattli_finish, int32_t, plattli_writer *, const plattli_finish_options *);
    SIGNATURE(plattli_writer_close, int32_t, plattli_writer *);
    SIGNATURE(plattli_writer_options_new, plattli_writer_options *, void);
    SIGNATURE(plattli_writer_options_free, void, plattli_writer_options *);
    SIGNATURE(plattli_writer_options_set_layout, int32_t, plattli_writer_options *, int32_t);
    SIGNATURE(plattli_writer_options_set_step, int32_t, plattli_writer_options *, uint32_t);
    SIGNATURE(plattli_writer_options_set_hotsize, int32_t, plattli_writer_options *, uint64_t);
    SIGNATURE(plattli_writer_options_set_config_json, int32_t, plattli_writer_options *, const char *, size_t);
    SIGNATURE(plattli_writer_options_set_config_path, int32_t, plattli_writer_options *, const char *);
    SIGNATURE(plattli_writer_options_set_reopen_finished, int32_t, plattli_writer_options *, bool);
    SIGNATURE(plattli_writer_options_set_overwrite, int32_t, plattli_writer_options *, bool);
    SIGNATURE(plattli_writer_options_set_durability, int32_t, plattli_writer_options *, int32_t);
    SIGNATURE(plattli_writer_options_set_sync_interval, int32_t, plattli_writer_options *, uint32_t, uint64_t);
    SIGNATURE(plattli_writer_options_set_overload, int32_t, plattli_writer_options *, int32_t);
    SIGNATURE(plattli_writer_options_set_threads, int32_t, plattli_writer_options *, uint32_t);
    SIGNATURE(plattli_writer_options_set_on_io_error, int32_t, plattli_writer_options *, int32_t);
    SIGNATURE(plattli_writer_options_set_lock, int32_t, plattli_writer_options *, bool);
    SIGNATURE(plattli_writer_options_set_strict, int32_t, plattli_writer_options *, bool);
    SIGNATURE(plattli_finish_options_new, plattli_finish_options *, void);
    SIGNATURE(plattli_finish_options_free, void, plattli_finish_options *);
    SIGNATURE(plattli_finish_options_set_optimize, int32_t, plattli_finish_options *, bool);
    SIGNATURE(plattli_finish_options_set_archive, int32_t, plattli_finish_options *, bool);
    SIGNATURE(plattli_finish_options_set_config_overrides, int32_t, plattli_finish_options *, const char *, size_t);
    SIGNATURE(plattli_writer_warnings, int32_t, plattli_writer *, size_t, plattli_string **);
    SIGNATURE(plattli_reader_options_new, plattli_reader_options *, void);
    SIGNATURE(plattli_reader_options_free, void, plattli_reader_options *);
    SIGNATURE(plattli_reader_options_set_kind, int32_t, plattli_reader_options *, int32_t);
    SIGNATURE(plattli_reader_options_set_exclude_hot, int32_t, plattli_reader_options *, bool);
    SIGNATURE(plattli_reader_options_set_strict, int32_t, plattli_reader_options *, bool);
    SIGNATURE(plattli_reader_open, int32_t, const char *, const plattli_reader_options *, plattli_reader **);
    SIGNATURE(plattli_reader_close, void, plattli_reader *);
    SIGNATURE(plattli_reader_refresh, int32_t, plattli_reader *);
    SIGNATURE(plattli_reader_metric_count, int32_t, plattli_reader *, size_t *);
    SIGNATURE(plattli_reader_metric_name, int32_t, plattli_reader *, size_t, const char **);
    SIGNATURE(plattli_reader_metric_info, int32_t, plattli_reader *, const char *, plattli_metric_info *);
    SIGNATURE(plattli_reader_config, int32_t, plattli_reader *, const char **, size_t *);
    SIGNATURE(plattli_reader_when_exported, int32_t, plattli_reader *, const char **);
    SIGNATURE(plattli_reader_rows, int32_t, plattli_reader *, const char *, uint64_t *);
    SIGNATURE(plattli_reader_approx_max_rows, int32_t, plattli_reader *, uint32_t, uint64_t *);
    SIGNATURE(plattli_reader_warnings, int32_t, plattli_reader *, size_t, const char **);
    SIGNATURE(plattli_reader_column, int32_t, plattli_reader *, const char *, const plattli_selection *, int32_t, plattli_column **);
    SIGNATURE(plattli_reader_table, int32_t, plattli_reader *, const char *const *, size_t, const char *,
              const plattli_selection *, int32_t, plattli_table **);
    READS(f32, float);
    READS(f64, double);
    READS(i64, int64_t);
    READS(u64, uint64_t);
    SIGNATURE(plattli_column_len, size_t, const plattli_column *);
    SIGNATURE(plattli_column_dtype, int32_t, const plattli_column *);
    SIGNATURE(plattli_column_steps, const uint32_t *, const plattli_column *);
    SIGNATURE(plattli_column_values, const void *, const plattli_column *);
    SIGNATURE(plattli_column_json, int32_t, const plattli_column *, size_t, const char **, size_t *);
    SIGNATURE(plattli_column_free, void, plattli_column *);
    SIGNATURE(plattli_table_len, size_t, const plattli_table *);
    SIGNATURE(plattli_table_steps, const uint32_t *, const plattli_table *);
    SIGNATURE(plattli_table_column, int32_t, const plattli_table *, size_t, const plattli_column **);
    SIGNATURE(plattli_table_free, void, plattli_table *);
    SIGNATURE(plattli_string_data, const char *, const plattli_string *);
    SIGNATURE(plattli_string_len, size_t, const plattli_string *);
    SIGNATURE(plattli_string_free, void, plattli_string *);
    SIGNATURE(plattli_import_options_new, plattli_import_options *, void);
    SIGNATURE(plattli_import_options_free, void, plattli_import_options *);
    SIGNATURE(plattli_import_options_set_skip_columns, int32_t, plattli_import_options *, const char *const *, size_t);
    SIGNATURE(plattli_import_options_set_allow_rewinds, int32_t, plattli_import_options *, bool);
    SIGNATURE(plattli_import_options_set_overwrite, int32_t, plattli_import_options *, bool);
    SIGNATURE(plattli_import_options_set_double, int32_t, plattli_import_options *, bool);
    SIGNATURE(plattli_import_options_set_skip_torn_tail, int32_t, plattli_import_options *, bool);
    SIGNATURE(plattli_import_jsonl, int32_t, const char *, const char *, const plattli_import_options *,
              plattli_import_report *);
}

static void versions_agree(void) {
    CHECK(plattli_version() == PLATTLI_VERSION);
    char text[32];
    snprintf(text, sizeof text, "%u.%u.%u", plattli_version() >> 16, plattli_version() >> 8 & 0xFF,
             plattli_version() & 0xFF);
    CHECK(strcmp(text, plattli_version_string()) == 0);
}

static void features_are_known_by_name(void) {
    CHECK(plattli_has_feature("run"));
    CHECK(!plattli_has_feature("teleport"));
    CHECK(!plattli_has_feature(""));
    CHECK(!plattli_has_feature(NULL));
    CHECK(!plattli_has_feature("r\xff"));
}

static void statuses_have_names(void) {
    CHECK(strcmp(plattli_status_name(PLATTLI_OK), "PLATTLI_OK") == 0);
    CHECK(strcmp(plattli_status_name(PLATTLI_ERR_INTERNAL), "PLATTLI_ERR_INTERNAL") == 0);
    CHECK(strcmp(plattli_status_name(14), "PLATTLI_ERR_UNKNOWN") == 0);
    CHECK(strcmp(plattli_status_name(INT32_MIN), "PLATTLI_ERR_UNKNOWN") == 0);
}

static void the_last_error_is_text_from_the_start_and_can_be_copied(void) {
    CHECK(strcmp(plattli_last_error(), "") == 0);
    CHECK(plattli_last_error_copy(NULL, 0) == 0);
    REFUSED(PLATTLI_ERR_ARGUMENT, "writer is NULL", plattli_end_step(NULL));
    size_t len = strlen(plattli_last_error());
    char text[100];
    memset(text, 'x', sizeof text);
    CHECK(plattli_last_error_copy(text, 7) == len);
    CHECK(strcmp(text, "writer") == 0 && text[7] == 'x');
    CHECK(plattli_last_error_copy(text, sizeof text) == len);
    CHECK(strcmp(text, plattli_last_error()) == 0);
    CHECK(plattli_last_error_copy(NULL, 50) == len);
    CHECK(plattli_last_error_copy(text, 0) == len && strcmp(text, plattli_last_error()) == 0);
    /* Success leaves the text alone. */
    CHECK(plattli_writer_close(NULL) == PLATTLI_OK);
    CHECK(strcmp(text, plattli_last_error()) == 0);
}

static void signatures_of_the_other_stores_are_those_of_the_contract(void) {
    SIGNATURE(plattli_state_open, int32_t, const char *, const char *, const plattli_state_options *, plattli_state **);
    SIGNATURE(plattli_state_set, int32_t, plattli_state *, const char *, const char *, size_t);
    SIGNATURE(plattli_state_replace, int32_t, plattli_state *, const char *, size_t);
    SIGNATURE(plattli_state_delete, int32_t, plattli_state *, const char *);
    SIGNATURE(plattli_state_get, int32_t, plattli_state *, const char *, plattli_string **);
    SIGNATURE(plattli_state_snapshot, int32_t, plattli_state *, plattli_string **);
    SIGNATURE(plattli_state_compact, int32_t, plattli_state *);
    SIGNATURE(plattli_state_log_size, int32_t, plattli_state *, uint64_t *);
    SIGNATURE(plattli_state_needs_compaction, int32_t, plattli_state *, uint64_t, bool *);
    SIGNATURE(plattli_state_close, int32_t, plattli_state *);
    SIGNATURE(plattli_journal_open, int32_t, const char *, const plattli_journal_options *, plattli_journal **);
    SIGNATURE(plattli_journal_append, int32_t, plattli_journal *, const char *, size_t);
    SIGNATURE(plattli_journal_flush, int32_t, plattli_journal *);
    SIGNATURE(plattli_journal_read, int32_t, plattli_journal *, plattli_journal_events **);
    SIGNATURE(plattli_journal_compact, int32_t, plattli_journal *, plattli_compact_stats *);
    SIGNATURE(plattli_journal_file_count, int32_t, plattli_journal *, size_t *);
    SIGNATURE(plattli_journal_close, int32_t, plattli_journal *);
    SIGNATURE(plattli_stream_open, int32_t, const char *, const plattli_stream_options *, plattli_stream **);
    SIGNATURE(plattli_stream_append, int32_t, plattli_stream *, const char *, const char *, struct ArrowArray *,
              struct ArrowSchema *, uint64_t[2]);
    SIGNATURE(plattli_stream_append_f64, int32_t, plattli_stream *, const char *, const char *, const int64_t *,
              const char *const *, const double *const *, size_t, size_t, uint64_t[2]);
    SIGNATURE(plattli_stream_query, int32_t, plattli_stream *, const plattli_query *, struct ArrowArrayStream *,
              plattli_cursor **);
    SIGNATURE(plattli_stream_checkpoint, int32_t, plattli_stream *);
    SIGNATURE(plattli_stream_retain, int32_t, plattli_stream *);
    SIGNATURE(plattli_stream_close, int32_t, plattli_stream *);
    SIGNATURE(plattli_reader_arrow, int32_t, plattli_reader *, const char *const *, size_t, const plattli_selection *,
              struct ArrowArrayStream *);
}

int main(int argc, char **argv) {
    BEGIN(argc, argv);
    TEST(the_last_error_is_text_from_the_start_and_can_be_copied);
    TEST(signatures_are_those_of_the_contract);
    TEST(signatures_of_the_other_stores_are_those_of_the_contract);
    TEST(versions_agree);
    TEST(features_are_known_by_name);
    TEST(statuses_have_names);
    return 0;
}
