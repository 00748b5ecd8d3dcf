/* Runs as Arrow tables: the structs as the specification has them, what is in them, and what is refused. */
#include "check.h"
#include <math.h>

enum { ROWS = 1000 };

static plattli_reader *open_reader(const char *name) {
    plattli_reader *reader = NULL;
    OK(plattli_reader_open(path(name), NULL, &reader));
    return reader;
}

static void write_run(const char *name) {
    plattli_writer *w = open_writer(name, NULL);
    for (uint32_t step = 0; step < ROWS; ++step) {
        OK(plattli_write_f64(w, "x", step / 4.0));
        OK(plattli_write_i32(w, "n", -(int32_t)step));
        if (step % 10 == 0) OK(plattli_write_str(w, "note", "ten", 3));
        OK(plattli_end_step(w));
    }
    OK(plattli_finish(w, NULL));
    OK(plattli_writer_close(w));
}

static struct ArrowArray next_of(struct ArrowArrayStream *stream) {
    struct ArrowArray array;
    CHECK(stream->get_next(stream, &array) == 0);
    return array;
}

static const void *buffer(const struct ArrowArray *array, int child, int i) { return array->children[child]->buffers[i]; }

static void wide(plattli_reader *r) {
    const char *const names[] = {"x", "n"};
    struct ArrowArrayStream stream;
    OK(plattli_reader_arrow(r, names, 2, NULL, &stream));
    plattli_reader_close(r); /* the stream outlives it */
    struct ArrowSchema schema;
    CHECK(stream.get_schema(&stream, &schema) == 0);
    CHECK(strcmp(schema.format, "+s") == 0 && schema.n_children == 3);
    const char *const formats[] = {"I", "g", "l"}, *const columns[] = {"step", "x", "n"};
    for (int i = 0; i < 3; ++i) {
        CHECK(strcmp(schema.children[i]->format, formats[i]) == 0);
        CHECK(strcmp(schema.children[i]->name, columns[i]) == 0);
        CHECK((schema.children[i]->flags & ARROW_FLAG_NULLABLE) == 0);
    }
    schema.release(&schema);
    CHECK(schema.release == NULL);
    struct ArrowArray array = next_of(&stream), end = next_of(&stream);
    CHECK(end.release == NULL);
    stream.release(&stream); /* the array outlives it */
    CHECK(stream.release == NULL);
    CHECK(array.length == ROWS && array.n_children == 3 && array.null_count == 0);
    const uint32_t *steps = buffer(&array, 0, 1);
    const double *x = buffer(&array, 1, 1);
    const int64_t *n = buffer(&array, 2, 1);
    for (uint32_t i = 0; i < ROWS; ++i) {
        CHECK(steps[i] == i && n[i] == -(int64_t)i && fabs(x[i] - i / 4.0) < 1e-300);
    }
    array.release(&array);
    CHECK(array.release == NULL);
}

static void outer_and_long(plattli_reader *r) {
    struct ArrowArrayStream stream;
    OK(plattli_reader_arrow_outer(r, NULL, 0, NULL, &stream));
    struct ArrowArray array = next_of(&stream);
    CHECK(array.length == ROWS && array.n_children == 4);
    CHECK(array.children[2]->null_count == ROWS - ROWS / 10); /* n, note, x */
    const int32_t *offsets = buffer(&array, 2, 1);
    CHECK(offsets[ROWS] == 5 * ROWS / 10 && memcmp(buffer(&array, 2, 2), "\"ten\"", 5) == 0);
    array.release(&array);
    stream.release(&stream);
    const plattli_selection some = {.kind = PLATTLI_STEPS, .bounds = 3, .start = 10, .stop = 11};
    OK(plattli_reader_arrow_long(r, NULL, 0, &some, &stream));
    int64_t rows = 0;
    for (array = next_of(&stream); array.release != NULL; array = next_of(&stream)) {
        CHECK(array.n_children == 4 && array.children[1]->dictionary != NULL);
        rows += array.length;
        array.release(&array);
    }
    CHECK(rows == 2 + 1 + 2);
    stream.release(&stream);
}

static void what_is_refused(plattli_reader *r) {
    const char *const names[] = {"x", "n"}, *const stranger[] = {"y"};
    struct ArrowArrayStream stream, before;
    memset(&stream, 0x55, sizeof stream);
    memcpy(&before, &stream, sizeof stream);
    REFUSED(PLATTLI_ERR_ARGUMENT, "reader is NULL", plattli_reader_arrow(NULL, names, 2, NULL, &stream));
    REFUSED(PLATTLI_ERR_ARGUMENT, "out is NULL", plattli_reader_arrow(r, names, 2, NULL, NULL));
    REFUSED(PLATTLI_ERR_ARGUMENT, "names is NULL", plattli_reader_arrow(r, NULL, 2, NULL, &stream));
    REFUSED(PLATTLI_ERR_NOT_FOUND, "\"y\"", plattli_reader_arrow(r, stranger, 1, NULL, &stream));
    plattli_selection s = {.kind = 9};
    REFUSED(PLATTLI_ERR_ARGUMENT, "selection", plattli_reader_arrow(r, names, 2, &s, &stream));
    s = (plattli_selection){.kind = PLATTLI_VALUES, .bounds = 1};
    REFUSED(PLATTLI_ERR_ARGUMENT, "long form", plattli_reader_arrow(r, names, 2, &s, &stream));
    CHECK(memcmp(&stream, &before, sizeof stream) == 0);
    OK(plattli_reader_arrow(r, names, 1, &s, &stream));
    CHECK(stream.get_next(&stream, NULL) != 0);
    CHECK(stream.get_schema(NULL, NULL) != 0);
    stream.release(&stream);
}

int main(int argc, char **argv) {
    BEGIN(argc, argv);
    write_run("run");
    if (!plattli_has_feature("stream")) {
        struct ArrowArrayStream stream;
        plattli_reader *r = open_reader("run");
        REFUSED(PLATTLI_ERR_UNSUPPORTED, "feature `stream`", plattli_reader_arrow(r, NULL, 0, NULL, &stream));
        REFUSED(PLATTLI_ERR_UNSUPPORTED, "feature `stream`", plattli_reader_arrow_outer(r, NULL, 0, NULL, &stream));
        REFUSED(PLATTLI_ERR_UNSUPPORTED, "feature `stream`", plattli_reader_arrow_long(r, NULL, 0, NULL, &stream));
        plattli_reader_close(r);
        return 0;
    }
    wide(open_reader("run"));
    plattli_reader *r = open_reader("run");
    outer_and_long(r);
    what_is_refused(r);
    plattli_reader_close(r);
    return 0;
}
