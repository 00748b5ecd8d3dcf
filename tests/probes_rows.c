/* Prints every row of every topic of a stream store, floats in hexadecimal: probes_rows STREAM_DIR. */
#include <inttypes.h>
#include <plattli.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void need(int32_t status) {
    if (status == PLATTLI_OK) return;
    fprintf(stderr, "probes_rows: %s: %s\n", plattli_status_name(status), plattli_last_error());
    exit(1);
}

static const char *text_of(const plattli_strings *texts, size_t i) {
    const char *text;
    need(plattli_strings_get(texts, i, &text, NULL));
    return text;
}

static void print_batch(const struct ArrowSchema *schema, const struct ArrowArray *batch) {
    for (int64_t row = 0; row < batch->length; ++row) {
        for (int64_t c = 0; c < batch->n_children; ++c) {
            const struct ArrowArray *column = batch->children[c];
            const char *format = schema->children[c]->format;
            int64_t at = batch->offset + column->offset + row;
            if (strcmp(format, "l") == 0) printf(" %s=%" PRId64, schema->children[c]->name, ((const int64_t *)column->buffers[1])[at]);
            else if (strcmp(format, "L") == 0) printf(" %s=%" PRIu64, schema->children[c]->name, ((const uint64_t *)column->buffers[1])[at]);
            else if (strcmp(format, "g") == 0) printf(" %s=%a", schema->children[c]->name, ((const double *)column->buffers[1])[at]);
            else exit(3);
        }
        printf("\n");
    }
}

static void print_partition(plattli_stream *stream, const char *topic, const char *partition) {
    int32_t end;
    plattli_query *query = plattli_query_new();
    need(plattli_query_set_topic(query, topic));
    need(plattli_query_set_partitions(query, &partition, 1));
    do {
        struct ArrowArrayStream page;
        struct ArrowSchema schema;
        struct ArrowArray batch;
        plattli_cursor *cursor;
        need(plattli_stream_query(stream, query, &page, &cursor));
        if (page.get_schema(&page, &schema) != 0) exit(4);
        while (page.get_next(&page, &batch) == 0 && batch.release != NULL) {
            print_batch(&schema, &batch);
            batch.release(&batch);
        }
        schema.release(&schema);
        page.release(&page);
        need(plattli_cursor_status(cursor, &end));
        need(plattli_query_resume(query, cursor));
        plattli_cursor_free(cursor);
    } while (end != PLATTLI_PAGE_ALL);
    plattli_query_free(query);
}

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    plattli_stream *stream;
    plattli_strings *topics, *partitions;
    need(plattli_stream_open(argv[1], NULL, &stream));
    need(plattli_stream_topics(stream, &topics));
    for (size_t t = 0; t < plattli_strings_len(topics); ++t) {
        need(plattli_stream_partitions(stream, text_of(topics, t), &partitions));
        for (size_t p = 0; p < plattli_strings_len(partitions); ++p) {
            printf("%s %s\n", text_of(topics, t), text_of(partitions, p));
            print_partition(stream, text_of(topics, t), text_of(partitions, p));
        }
        plattli_strings_free(partitions);
    }
    plattli_strings_free(topics);
    need(plattli_stream_close(stream));
    return 0;
}
