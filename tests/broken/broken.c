/* What C sees of a feature that was left out of the library, and of a bug in it: PLATTLI_TEST_PANIC=writer makes one. */
#include <plattli.h>
#include <stdio.h>
#include <string.h>

#define EXPECT(is, status) \
    do { \
        int32_t found = (is); \
        if (found != (status)) { \
            fprintf(stderr, "broken.c:%d: %s instead of %s: %s\n", __LINE__, plattli_status_name(found), #status, plattli_last_error()); \
            return 1; \
        } \
    } while (0)

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    const char *log = argv[1], *imported = argv[2], *broken = argv[3];
    const char *patterns[] = {"x.*"};
    plattli_import_options *options = plattli_import_options_new();
    EXPECT(plattli_import_options_set_skip_columns(options, patterns, 1), PLATTLI_OK);
    EXPECT(plattli_import_jsonl(log, imported, options, NULL), PLATTLI_ERR_UNSUPPORTED);
    if (!strstr(plattli_last_error(), "patterns")) return 3;
    plattli_import_options_free(options);
    EXPECT(plattli_import_jsonl(log, imported, NULL, NULL), PLATTLI_OK);

    plattli_writer *run = NULL;
    EXPECT(plattli_writer_open(broken, NULL, &run), PLATTLI_OK);
    EXPECT(plattli_write_f64(run, "x", 1.0), PLATTLI_ERR_INTERNAL);
    if (!strstr(plattli_last_error(), "bug")) return 4;
    EXPECT(plattli_end_step(run), PLATTLI_ERR_INTERNAL);
    /* Other handles are sound. */
    plattli_reader *reader = NULL;
    size_t metrics = 0;
    EXPECT(plattli_reader_open(imported, NULL, &reader), PLATTLI_OK);
    EXPECT(plattli_reader_metric_count(reader, &metrics), PLATTLI_OK);
    if (metrics != 1) return 5;
    /* Streams are left out, and what hands over Arrow. */
    plattli_stream *stream = NULL;
    struct ArrowArrayStream rows;
    EXPECT(plattli_stream_open(broken, NULL, &stream), PLATTLI_ERR_UNSUPPORTED);
    if (!strstr(plattli_last_error(), "`stream`")) return 6;
    EXPECT(plattli_reader_arrow(reader, NULL, 0, NULL, &rows), PLATTLI_ERR_UNSUPPORTED);
    plattli_reader_close(reader);
    EXPECT(plattli_writer_close(run), PLATTLI_ERR_INTERNAL);
    return 0;
}
