/* Runs operations of the C API, one per line of standard input, and answers each with one line: the status, then a
 * value or the error text. Operations that return data print lines of JSON (each beginning with "{") before it.
 * -1 is a mistake in the line itself. Words are separated by spaces; any byte may be written %xx.
 *
 *   use N                                    the slot (0 … 7) of the following operations, each a writer and a reader
 *   open RUNDIR [option=value …]             layout step hotsize threads config config_path reopen overwrite durability
 *                                            sync=STEPS,MS overload on_io_error lock strict
 *   metric NAME DTYPE                        → id
 *   write_TYPE NAME VALUE    put_TYPE ID VALUE    put_row_f64 ID=VALUE …    (floats decimal or 0xBITS; the ID @K is
 *                                            that of the K-th metric line since the writer was opened)
 *   step   set_step N   end_step   flush   sync   set_config JSON   stats   close
 *   finish [optimize=0|1 archive=0|1 overrides=JSON]
 *   ropen PATH [kind=0|1|2 exclude_hot=1 strict=1]   refresh   rclose   rows NAME   approx PROBES
 *   dump                                     everything: a head, then one line per metric
 *   column NAME SELECTION AS                 SELECTION: all, steps:A:B, values:A:B, positions:A:B (each end may be empty)
 *   read TYPE NAME SELECTION CAP             through plattli_read_TYPE
 *   table ON|- SELECTION AS NAME …           AS: storage, standard or a type
 *   busy BOARD COUNT PAUSE                   COUNT steps of the pattern, PAUSE microseconds apart, acknowledged on BOARD
 *   finish_on BOARD …   open_on BOARD …      finish and open, with the phase announced on BOARD
 *   check FROM ACKED                         the open reader holds the pattern                     → steps
 *   live BOARD PATH COUNT                    COUNT fresh reads beside a busy writer                → reads and steps
 *   fork_writer                              a forked child uses the writer and reports its status
 *   kill                                     SIGKILL to itself
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "pattern.h"
#include "words.h"

enum { MAX_WORDS = 4096, MAX_IDS = 4096, SLOTS = 8, MISTAKE = -1 };

typedef struct slot {
    plattli_writer *writer;
    plattli_reader *reader;
    uint32_t ids[MAX_IDS]; /* of the metrics in the order of the metric lines */
    size_t n_ids;
} slot;

static slot slots[SLOTS];
static slot *here = slots;

static const char *const DTYPES[] = {"", "f32", "f64", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "jsonl"};

static int32_t dtype_of(const char *name) {
    for (int32_t i = 1; i <= 11; ++i)
        if (strcmp(name, DTYPES[i]) == 0) return i;
    return MISTAKE;
}

static int32_t as_of(const char *name) {
    if (strcmp(name, "storage") == 0) return PLATTLI_STORAGE;
    if (strcmp(name, "standard") == 0) return PLATTLI_STANDARD;
    return dtype_of(name) == MISTAKE ? 99 : dtype_of(name);
}

static void mistake(const char *what) { printf("-1 driver: %s\n", what); }

static void answer(int32_t status) {
    if (status == PLATTLI_OK) {
        puts("0");
        return;
    }
    printf("%d %s ", (int)status, plattli_status_name(status));
    print_plain(stdout, plattli_last_error());
    putchar('\n');
}

/* -- options ------------------------------------------------------------------------------------------------- */

/* Splits "key=value" in place; NULL if there is no "=". */
static char *value_of(char *text) {
    char *eq = strchr(text, '=');
    if (eq == NULL) return NULL;
    *eq = '\0';
    return eq + 1;
}

static int32_t writer_option(plattli_writer_options *o, const char *key, char *value, size_t len) {
    static const char *const layouts[] = {"compacting", "direct", "bulk"};
    if (strcmp(key, "config") == 0) return plattli_writer_options_set_config_json(o, value, len);
    if (strcmp(key, "config_path") == 0) return plattli_writer_options_set_config_path(o, value);
    if (strcmp(key, "sync") == 0) {
        char *comma = strchr(value, ',');
        if (comma == NULL) return MISTAKE;
        return plattli_writer_options_set_sync_interval(o, (uint32_t)atoi(value), (uint32_t)atoi(comma + 1));
    }
    for (int32_t i = 0; i < 3; ++i)
        if (strcmp(key, "layout") == 0 && strcmp(value, layouts[i]) == 0) return plattli_writer_options_set_layout(o, i);
    uint64_t n;
    if (!word_u64(value, UINT64_MAX, &n)) return MISTAKE;
    if (strcmp(key, "hotsize") == 0) return plattli_writer_options_set_hotsize(o, n);
    if (n > UINT32_MAX) return MISTAKE;
    if (strcmp(key, "step") == 0) return plattli_writer_options_set_step(o, (uint32_t)n);
    if (strcmp(key, "threads") == 0) return plattli_writer_options_set_threads(o, (uint32_t)n);
    if (strcmp(key, "reopen") == 0) return plattli_writer_options_set_reopen_finished(o, n != 0);
    if (strcmp(key, "overwrite") == 0) return plattli_writer_options_set_overwrite(o, n != 0);
    if (strcmp(key, "durability") == 0) return plattli_writer_options_set_durability(o, (int32_t)n);
    if (strcmp(key, "overload") == 0) return plattli_writer_options_set_overload(o, (int32_t)n);
    if (strcmp(key, "on_io_error") == 0) return plattli_writer_options_set_on_io_error(o, (int32_t)n);
    if (strcmp(key, "lock") == 0) return plattli_writer_options_set_lock(o, n != 0);
    if (strcmp(key, "strict") == 0) return plattli_writer_options_set_strict(o, n != 0);
    return MISTAKE;
}

static void do_open(word *w, int n) {
    if (here->writer != NULL) {
        mistake("this slot has a writer");
        return;
    }
    plattli_writer_options *o = plattli_writer_options_new();
    int32_t status = PLATTLI_OK;
    for (int i = 1; i < n && status == PLATTLI_OK; ++i) {
        char *value = value_of(w[i].text);
        status = value == NULL ? MISTAKE : writer_option(o, w[i].text, value, (size_t)(w[i].text + w[i].len - value));
    }
    if (status == PLATTLI_OK) status = plattli_writer_open(w[0].text, o, &here->writer);
    plattli_writer_options_free(o);
    if (status == MISTAKE) mistake("an option is not known");
    else answer(status);
}

static void do_finish(word *w, int n) {
    plattli_finish_options *o = plattli_finish_options_new();
    int32_t status = PLATTLI_OK;
    for (int i = 0; i < n && status == PLATTLI_OK; ++i) {
        char *value = value_of(w[i].text);
        if (value == NULL) status = MISTAKE;
        else if (strcmp(w[i].text, "optimize") == 0) status = plattli_finish_options_set_optimize(o, *value == '1');
        else if (strcmp(w[i].text, "archive") == 0) status = plattli_finish_options_set_archive(o, *value == '1');
        else if (strcmp(w[i].text, "overrides") == 0)
            status = plattli_finish_options_set_config_overrides(o, value, (size_t)(w[i].text + w[i].len - value));
        else status = MISTAKE;
    }
    if (status == PLATTLI_OK) status = plattli_finish(here->writer, o);
    plattli_finish_options_free(o);
    if (status == MISTAKE) mistake("an option is not known");
    else answer(status);
}

/* -- writing --------------------------------------------------------------------------------------------------- */

/* An id, or @K for what the K-th metric line gave. */
static bool id_of(const char *text, uint32_t *out) {
    uint64_t n;
    bool known = *text == '@';
    if (!word_u64(text + known, UINT32_MAX, &n) || (known && n >= here->n_ids)) return false;
    *out = known ? here->ids[n] : (uint32_t)n;
    return true;
}

/* One value by name or by id; MISTAKE if the words do not fit. */
static int32_t put(plattli_writer *run, bool by_name, const char *type, const word *target, const word *value) {
    uint32_t m = 0;
    uint64_t u = 0;
    int64_t i = 0;
    double d = 0;
    float f = 0;
    if (!by_name && !id_of(target->text, &m)) return MISTAKE;
    const char *name = target->text;
    if (strcmp(type, "str") == 0)
        return by_name ? plattli_write_str(run, name, value->text, value->len) : plattli_put_str(run, m, value->text, value->len);
    if (strcmp(type, "json") == 0)
        return by_name ? plattli_write_json(run, name, value->text, value->len) : plattli_put_json(run, m, value->text, value->len);
    if (strcmp(type, "bool") == 0) {
        if (!word_u64(value->text, 1, &u)) return MISTAKE;
        return by_name ? plattli_write_bool(run, name, u != 0) : plattli_put_bool(run, m, u != 0);
    }
    if (strcmp(type, "f64") == 0)
        return !word_f64(value->text, &d) ? MISTAKE : by_name ? plattli_write_f64(run, name, d) : plattli_put_f64(run, m, d);
    if (strcmp(type, "f32") == 0)
        return !word_f32(value->text, &f) ? MISTAKE : by_name ? plattli_write_f32(run, name, f) : plattli_put_f32(run, m, f);
#define SIGNED(bits)                                                                                         \
    if (strcmp(type, "i" #bits) == 0) {                                                                      \
        if (!word_i64(value->text, INT##bits##_MIN, INT##bits##_MAX, &i)) return MISTAKE;                    \
        return by_name ? plattli_write_i##bits(run, name, (int##bits##_t)i) : plattli_put_i##bits(run, m, (int##bits##_t)i); \
    }
#define UNSIGNED(bits)                                                                                       \
    if (strcmp(type, "u" #bits) == 0) {                                                                      \
        if (!word_u64(value->text, UINT##bits##_MAX, &u)) return MISTAKE;                                    \
        return by_name ? plattli_write_u##bits(run, name, (uint##bits##_t)u) : plattli_put_u##bits(run, m, (uint##bits##_t)u); \
    }
    SIGNED(8) SIGNED(16) SIGNED(32) SIGNED(64)
    UNSIGNED(8) UNSIGNED(16) UNSIGNED(32) UNSIGNED(64)
#undef SIGNED
#undef UNSIGNED
    return MISTAKE;
}

static void do_put(bool by_name, const char *type, word *w) {
    int32_t status = put(here->writer, by_name, type, &w[0], &w[1]);
    if (status == MISTAKE) mistake("no such type, or the value does not fit it");
    else answer(status);
}

static void do_put_row(word *w, int n) {
    static uint32_t ids[MAX_IDS];
    static double values[MAX_IDS];
    for (int i = 0; i < n; ++i) {
        char *value = value_of(w[i].text);
        if (value == NULL || !id_of(w[i].text, &ids[i]) || !word_f64(value, &values[i])) {
            mistake("a row is ID=VALUE …");
            return;
        }
    }
    answer(plattli_put_row_f64(here->writer, ids, values, (size_t)n));
}

static void do_metric(word *w) {
    uint32_t id;
    int32_t status = plattli_writer_metric(here->writer, w[0].text, dtype_of(w[1].text), &id);
    if (status == PLATTLI_OK && here->n_ids < MAX_IDS) here->ids[here->n_ids++] = id;
    if (status == PLATTLI_OK) printf("0 %" PRIu32 "\n", id);
    else answer(status);
}

static void do_step(void) {
    uint32_t step;
    int32_t status = plattli_writer_step(here->writer, &step);
    if (status == PLATTLI_OK) printf("0 %" PRIu32 "\n", step);
    else answer(status);
}

static void do_stats(void) {
    plattli_writer_stats s = {.size = sizeof s};
    int32_t status = plattli_writer_get_stats(here->writer, &s);
    if (status == PLATTLI_OK)
        printf("{\"steps\":%" PRIu64 ",\"rows\":%" PRIu64 ",\"pending_rows\":%" PRIu64 ",\"dropped_rows\":%" PRIu64
               ",\"shed_steps\":%" PRIu64 ",\"io_errors\":%" PRIu64 ",\"compactions\":%" PRIu64 ",\"warnings\":%" PRIu64 "}\n",
               s.steps, s.rows, s.pending_rows, s.dropped_rows, s.shed_steps, s.io_errors, s.compactions, s.warnings);
    answer(status);
}

static void do_fork_writer(void) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        int32_t status = plattli_end_step(here->writer);
        plattli_writer_close(here->writer);
        _exit(status);
    }
    int ended = 0;
    if (child < 0 || waitpid(child, &ended, 0) != child || !WIFEXITED(ended)) mistake("the child did not end by itself");
    else printf("0 %d\n", WEXITSTATUS(ended));
}

/* -- reading ---------------------------------------------------------------------------------------------------- */

static bool selection_of(char *text, plattli_selection *out) {
    static const char *const kinds[] = {"all", "steps", "values", "positions"};
    memset(out, 0, sizeof *out);
    char *rest = text, *kind = strsep(&rest, ":");
    out->kind = MISTAKE;
    for (int32_t i = 0; i < 4; ++i)
        if (strcmp(kind, kinds[i]) == 0) out->kind = i;
    if (out->kind == MISTAKE) return false;
    for (int end = 0; rest != NULL && end < 2; ++end) {
        char *bound = strsep(&rest, ":");
        if (*bound == '\0') continue;
        out->bounds |= 1 << end;
        if (out->kind == PLATTLI_VALUES) {
            if (!word_f64(bound, end == 0 ? &out->vstart : &out->vstop)) return false;
        } else if (!word_i64(bound, INT64_MIN, INT64_MAX, end == 0 ? &out->start : &out->stop)) {
            return false;
        }
    }
    return rest == NULL;
}

static void print_value(int32_t dtype, const void *values, size_t i) {
    uint64_t wide;
    uint32_t narrow;
    switch (dtype) {
    case PLATTLI_F32: memcpy(&narrow, (const float *)values + i, 4); printf("\"%08" PRIx32 "\"", narrow); break;
    case PLATTLI_F64: memcpy(&wide, (const double *)values + i, 8); printf("\"%016" PRIx64 "\"", wide); break;
    case PLATTLI_I8: printf("%d", ((const int8_t *)values)[i]); break;
    case PLATTLI_I16: printf("%d", ((const int16_t *)values)[i]); break;
    case PLATTLI_I32: printf("%" PRId32, ((const int32_t *)values)[i]); break;
    case PLATTLI_I64: printf("%" PRId64, ((const int64_t *)values)[i]); break;
    case PLATTLI_U8: printf("%u", ((const uint8_t *)values)[i]); break;
    case PLATTLI_U16: printf("%u", ((const uint16_t *)values)[i]); break;
    case PLATTLI_U32: printf("%" PRIu32, ((const uint32_t *)values)[i]); break;
    default: printf("%" PRIu64, ((const uint64_t *)values)[i]); break;
    }
}

static const char *dtype_name(int32_t dtype) { return dtype >= 1 && dtype <= 11 ? DTYPES[dtype] : "?"; }

/* "steps":[…],"values":[…] of a column; `steps` may be those of its table. */
static int32_t print_rows(const plattli_column *c, const uint32_t *steps) {
    size_t n = plattli_column_len(c);
    int32_t dtype = plattli_column_dtype(c);
    const void *values = plattli_column_values(c);
    printf("\"dtype\":\"%s\",\"steps\":[", dtype_name(dtype));
    for (size_t i = 0; i < n; ++i) printf("%s%" PRIu32, i == 0 ? "" : ",", steps[i]);
    fputs("],\"values\":[", stdout);
    for (size_t i = 0; i < n; ++i) {
        if (i != 0) putchar(',');
        if (dtype == PLATTLI_JSON) {
            const char *text;
            size_t len;
            int32_t status = plattli_column_json(c, i, &text, &len);
            if (status != PLATTLI_OK) return status;
            print_json_string(stdout, text, len);
        } else {
            print_value(dtype, values, i);
        }
    }
    fputs("]}\n", stdout);
    return PLATTLI_OK;
}

static void do_ropen(word *w, int n) {
    if (here->reader != NULL) {
        mistake("this slot has a reader");
        return;
    }
    plattli_reader_options *o = plattli_reader_options_new();
    int32_t status = PLATTLI_OK;
    for (int i = 1; i < n && status == PLATTLI_OK; ++i) {
        char *value = value_of(w[i].text);
        if (value == NULL) status = MISTAKE;
        else if (strcmp(w[i].text, "kind") == 0) status = plattli_reader_options_set_kind(o, atoi(value));
        else if (strcmp(w[i].text, "exclude_hot") == 0) status = plattli_reader_options_set_exclude_hot(o, *value == '1');
        else if (strcmp(w[i].text, "strict") == 0) status = plattli_reader_options_set_strict(o, *value == '1');
        else status = MISTAKE;
    }
    if (status == PLATTLI_OK) status = plattli_reader_open(w[0].text, o, &here->reader);
    plattli_reader_options_free(o);
    if (status == MISTAKE) mistake("an option is not known");
    else answer(status);
}

static int32_t dump_head(size_t *metrics) {
    const char *text, *when;
    size_t len;
    int32_t status = plattli_reader_config(here->reader, &text, &len);
    if (status != PLATTLI_OK) return status;
    fputs("{\"config\":", stdout);
    print_json_string(stdout, text, len);
    status = plattli_reader_when_exported(here->reader, &when);
    printf(",\"when_exported\":");
    if (status == PLATTLI_OK && when != NULL) print_json_string(stdout, when, strlen(when));
    else fputs("null", stdout);
    fputs(",\"warnings\":[", stdout);
    for (size_t i = 0; plattli_reader_warnings(here->reader, i, &text) == PLATTLI_OK; ++i) {
        if (i != 0) putchar(',');
        print_json_string(stdout, text, strlen(text));
    }
    fputs("]}\n", stdout);
    return plattli_reader_metric_count(here->reader, metrics);
}

static int32_t dump_metric(size_t i) {
    const char *name;
    uint64_t rows;
    plattli_metric_info info = {.size = sizeof info};
    plattli_column *column = NULL;
    int32_t status = plattli_reader_metric_name(here->reader, i, &name);
    if (status == PLATTLI_OK) status = plattli_reader_metric_info(here->reader, name, &info);
    if (status == PLATTLI_OK) status = plattli_reader_rows(here->reader, name, &rows);
    if (status == PLATTLI_OK) status = plattli_reader_column(here->reader, name, NULL, PLATTLI_STORAGE, &column);
    if (status != PLATTLI_OK) return status;
    fputs("{\"name\":", stdout);
    print_json_string(stdout, name, strlen(name));
    printf(",\"monotonic\":%" PRId32 ",\"rows\":%" PRIu64 ",\"first\":%" PRIu32 ",\"last\":%" PRIu32 ",\"info_dtype\":\"%s\",", info.monotonic,
           info.rows == rows ? rows : UINT64_MAX, info.first_step, info.last_step, dtype_name(info.dtype));
    status = print_rows(column, plattli_column_steps(column));
    plattli_column_free(column);
    return status;
}

static void do_dump(void) {
    size_t metrics = 0;
    int32_t status = dump_head(&metrics);
    for (size_t i = 0; i < metrics && status == PLATTLI_OK; ++i) status = dump_metric(i);
    answer(status);
}

static void do_column(word *w) {
    plattli_selection selection;
    plattli_column *column = NULL;
    if (!selection_of(w[1].text, &selection)) {
        mistake("no such selection");
        return;
    }
    int32_t status = plattli_reader_column(here->reader, w[0].text, &selection, as_of(w[2].text), &column);
    if (status == PLATTLI_OK) {
        putchar('{');
        status = print_rows(column, plattli_column_steps(column));
    }
    plattli_column_free(column);
    answer(status);
}

static void do_table(word *w, int n) {
    static const char *names[MAX_WORDS];
    plattli_selection selection;
    plattli_table *table = NULL;
    if (!selection_of(w[1].text, &selection)) {
        mistake("no such selection");
        return;
    }
    for (int i = 3; i < n; ++i) names[i - 3] = w[i].text;
    const char *on = strcmp(w[0].text, "-") == 0 ? NULL : w[0].text;
    int32_t status = plattli_reader_table(here->reader, names, (size_t)(n - 3), on, &selection, as_of(w[2].text), &table);
    for (size_t i = 0; status == PLATTLI_OK && i < (size_t)(n - 3); ++i) {
        const plattli_column *column;
        status = plattli_table_column(table, i, &column);
        if (status == PLATTLI_OK) {
            putchar('{');
            status = print_rows(column, plattli_table_steps(table));
        }
    }
    plattli_table_free(table);
    answer(status);
}

static void do_read(word *w) {
    plattli_selection selection;
    uint64_t cap;
    if (!selection_of(w[2].text, &selection) || !word_u64(w[3].text, 1 << 24, &cap)) {
        mistake("read TYPE NAME SELECTION CAP");
        return;
    }
    int32_t dtype = dtype_of(w[0].text), status = MISTAKE;
    uint32_t *steps = malloc(cap * sizeof *steps + 1);
    void *values = malloc(cap * 8 + 1);
    size_t len = 0;
    const char *name = w[1].text;
    if (steps == NULL || values == NULL) status = PLATTLI_ERR_INTERNAL;
    else if (dtype == PLATTLI_F32) status = plattli_read_f32(here->reader, name, &selection, steps, values, cap, &len);
    else if (dtype == PLATTLI_F64) status = plattli_read_f64(here->reader, name, &selection, steps, values, cap, &len);
    else if (dtype == PLATTLI_I64) status = plattli_read_i64(here->reader, name, &selection, steps, values, cap, &len);
    else if (dtype == PLATTLI_U64) status = plattli_read_u64(here->reader, name, &selection, steps, values, cap, &len);
    if (status == PLATTLI_OK) {
        printf("{\"dtype\":\"%s\",\"steps\":[", dtype_name(dtype));
        for (size_t i = 0; i < len; ++i) printf("%s%" PRIu32, i == 0 ? "" : ",", steps[i]);
        fputs("],\"values\":[", stdout);
        for (size_t i = 0; i < len; ++i) {
            if (i != 0) putchar(',');
            print_value(dtype, values, i);
        }
        fputs("]}\n", stdout);
        puts("0");
    } else if (status == PLATTLI_ERR_BUFFER) {
        printf("%d %zu\n", (int)status, len);
    } else if (status == MISTAKE) {
        mistake("no such type");
    } else {
        answer(status);
    }
    free(steps);
    free(values);
}

/* -- the pattern -------------------------------------------------------------------------------------------------- */

static void do_busy(word *w) {
    uint64_t count, pause;
    uint32_t step;
    ack_board *board = board_map(w[0].text);
    if (board == NULL || !word_u64(w[1].text, UINT32_MAX, &count) || !word_u64(w[2].text, 1000000, &pause)) {
        mistake("busy BOARD COUNT PAUSE");
        return;
    }
    int32_t status = plattli_writer_step(here->writer, &step);
    board->phase = PHASE_WRITING;
    for (uint64_t i = 0; i < count && status == PLATTLI_OK && board->stop == 0; ++i, ++step) {
        status = pattern_step(here->writer, step);
        if (status == PLATTLI_OK) board->acked = (uint64_t)step + 1;
        if (pause != 0) nanosleep(&(struct timespec){.tv_nsec = (long)pause * 1000}, NULL);
    }
    board->phase = PHASE_IDLE;
    if (status == PLATTLI_OK) printf("0 %" PRIu32 "\n", step);
    else answer(status);
}

static ack_board *announce(const char *path, enum phase phase) {
    ack_board *board = board_map(path);
    if (board == NULL) mistake("cannot map the board");
    else board->phase = phase;
    return board;
}

static void do_check(word *w) {
    uint64_t from, acked, steps;
    char why[1024];
    if (!word_u64(w[0].text, UINT64_MAX, &from) || !word_u64(w[1].text, UINT64_MAX, &acked)) {
        mistake("check FROM ACKED");
        return;
    }
    if (pattern_check(here->reader, from, acked, &steps, why, sizeof why) == 0) printf("0 %" PRIu64 "\n", steps);
    else mistake(why);
}

/* Most reads compare the newest rows only, every 64th the whole run. */
static void do_live(word *w) {
    uint64_t count, steps = 0, busy = 0;
    ack_board *board = board_map(w[0].text);
    if (board == NULL || !word_u64(w[2].text, UINT32_MAX, &count)) {
        mistake("live BOARD PATH COUNT");
        return;
    }
    plattli_reader *reader = NULL;
    char why[1024];
    for (uint64_t i = 0; i < count; ++i) {
        uint64_t acked = board->acked, from = i % 64 == 0 || acked < 300 ? 0 : acked - 300;
        int32_t status;
        if (i % 16 == 0 || reader == NULL) { /* a fresh reader now and then, refreshed ones between */
            plattli_reader_close(reader);
            reader = NULL;
            status = plattli_reader_open(w[1].text, NULL, &reader);
        } else {
            status = plattli_reader_refresh(reader);
        }
        if (status == PLATTLI_ERR_BUSY) {
            ++busy;
            --i;
            if (busy > count) break;
            continue;
        }
        if (status != PLATTLI_OK) {
            answer(status);
            plattli_reader_close(reader);
            return;
        }
        if (pattern_check(reader, from, acked, &steps, why, sizeof why) != 0) {
            printf("-1 read %" PRIu64 ": ", i);
            print_plain(stdout, why);
            putchar('\n');
            plattli_reader_close(reader);
            return;
        }
    }
    plattli_reader_close(reader);
    printf("0 %" PRIu64 " reads, %" PRIu64 " steps, %" PRIu64 " asked to retry\n", count, steps, busy);
}

/* -- the loop ------------------------------------------------------------------------------------------------------- */

typedef struct operation {
    const char *name;
    int min, max; /* words after the name */
    char needs;   /* 'w' a writer, 'r' a reader, ' ' neither */
} operation;

static const operation OPERATIONS[] = {
    {"use", 1, 1, ' '}, {"open", 1, 40, ' '}, {"metric", 2, 2, 'w'}, {"put_row_f64", 0, MAX_IDS - 1, 'w'},
    {"step", 0, 0, 'w'}, {"set_step", 1, 1, 'w'}, {"end_step", 0, 0, 'w'}, {"flush", 0, 0, 'w'}, {"sync", 0, 0, 'w'},
    {"set_config", 1, 1, 'w'}, {"stats", 0, 0, 'w'}, {"finish", 0, 3, 'w'}, {"close", 0, 0, 'w'},
    {"ropen", 1, 10, ' '}, {"refresh", 0, 0, 'r'}, {"rclose", 0, 0, 'r'}, {"rows", 1, 1, 'r'}, {"approx", 1, 1, 'r'},
    {"dump", 0, 0, 'r'}, {"column", 3, 3, 'r'}, {"read", 4, 4, 'r'}, {"table", 4, MAX_WORDS - 1, 'r'},
    {"busy", 3, 3, 'w'}, {"finish_on", 1, 4, 'w'}, {"open_on", 2, 41, ' '}, {"check", 2, 2, 'r'}, {"live", 3, 3, ' '},
    {"fork_writer", 0, 0, 'w'}, {"kill", 0, 0, ' '},
};

static void close_writer(void) {
    plattli_writer *run = here->writer;
    here->writer = NULL;
    here->n_ids = 0;
    answer(plattli_writer_close(run));
}

static void do_rows(const char *name) {
    uint64_t rows;
    int32_t status = plattli_reader_rows(here->reader, name, &rows);
    if (status == PLATTLI_OK) printf("0 %" PRIu64 "\n", rows);
    else answer(status);
}

static void do_approx(const char *probes) {
    uint64_t rows;
    int32_t status = plattli_reader_approx_max_rows(here->reader, (uint32_t)atoi(probes), &rows);
    if (status == PLATTLI_OK) printf("0 %" PRIu64 "\n", rows);
    else answer(status);
}

static void run_operation(const char *name, word *w, int n) {
#define IS(text) (strcmp(name, text) == 0)
    uint64_t number;
    if (IS("use")) {
        if (!word_u64(w[0].text, SLOTS - 1, &number)) mistake("use 0 … 7");
        else {
            here = &slots[number];
            answer(PLATTLI_OK);
        }
    } else if (IS("open")) do_open(w, n);
    else if (IS("open_on")) { if (announce(w[0].text, PHASE_OPENING)) do_open(w + 1, n - 1); }
    else if (IS("metric")) do_metric(w);
    else if (IS("put_row_f64")) do_put_row(w, n);
    else if (IS("step")) do_step();
    else if (IS("set_step")) {
        if (!word_u64(w[0].text, UINT32_MAX, &number)) mistake("set_step takes a step");
        else answer(plattli_writer_set_step(here->writer, (uint32_t)number));
    } else if (IS("end_step")) answer(plattli_end_step(here->writer));
    else if (IS("flush")) answer(plattli_flush(here->writer));
    else if (IS("sync")) answer(plattli_sync(here->writer));
    else if (IS("set_config")) answer(plattli_writer_set_config(here->writer, w[0].text, w[0].len));
    else if (IS("stats")) do_stats();
    else if (IS("finish")) do_finish(w, n);
    else if (IS("finish_on")) { if (announce(w[0].text, PHASE_FINISHING)) do_finish(w + 1, n - 1); }
    else if (IS("close")) close_writer();
    else if (IS("ropen")) do_ropen(w, n);
    else if (IS("refresh")) answer(plattli_reader_refresh(here->reader));
    else if (IS("rclose")) {
        plattli_reader_close(here->reader);
        here->reader = NULL;
        answer(PLATTLI_OK);
    } else if (IS("rows")) do_rows(w[0].text);
    else if (IS("approx")) do_approx(w[0].text);
    else if (IS("dump")) do_dump();
    else if (IS("column")) do_column(w);
    else if (IS("read")) do_read(w);
    else if (IS("table")) do_table(w, n);
    else if (IS("busy")) do_busy(w);
    else if (IS("check")) do_check(w);
    else if (IS("live")) do_live(w);
    else if (IS("fork_writer")) do_fork_writer();
    else if (IS("kill")) {
        fflush(stdout);
        kill(getpid(), SIGKILL);
    }
#undef IS
}

static void run_line(char *line) {
    static word words[MAX_WORDS];
    int n = words_split(line, words, MAX_WORDS);
    if (n < 1) {
        mistake(n == 0 ? "an empty line" : "too many words, or one with a broken %");
        return;
    }
    const char *name = words[0].text;
    bool by_name = strncmp(name, "write_", 6) == 0;
    if (by_name || (strncmp(name, "put_", 4) == 0 && strcmp(name, "put_row_f64") != 0)) {
        if (n != 3) mistake("a write takes a metric and a value");
        else if (here->writer == NULL) mistake("no writer is open");
        else do_put(by_name, strchr(name, '_') + 1, words + 1);
        return;
    }
    for (size_t i = 0; i < sizeof OPERATIONS / sizeof *OPERATIONS; ++i) {
        const operation *op = &OPERATIONS[i];
        if (strcmp(name, op->name) != 0) continue;
        if (n - 1 < op->min || n - 1 > op->max) mistake("the wrong number of words");
        else if (op->needs == 'w' && here->writer == NULL) mistake("no writer is open");
        else if (op->needs == 'r' && here->reader == NULL) mistake("no reader is open");
        else run_operation(op->name, words + 1, n - 1);
        return;
    }
    mistake("no such operation");
}

int main(void) {
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;
    while ((len = getline(&line, &cap, stdin)) >= 0) {
        if (len > 0 && line[len - 1] == '\n') line[len - 1] = '\0';
        run_line(line);
        fflush(stdout);
    }
    free(line);
    for (int i = 0; i < SLOTS; ++i) {
        plattli_writer_close(slots[i].writer);
        plattli_reader_close(slots[i].reader);
    }
    return 0;
}
