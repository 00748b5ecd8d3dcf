/* A stream: tables in, pages out, who owns what when, and what is refused. */
#include "check.h"
#include <sys/wait.h>
#include <unistd.h>

/* A producer of arrays: time, x (doubles), word (text), made by hand as the specification has it. */
typedef struct producer {
    int released_arrays, released_schemas;
} producer;

enum { MOST = 64 };
typedef struct table {
    producer *owner;
    struct ArrowArray columns[3], *children[3];
    struct ArrowSchema fields[3], *types[3];
    const void *none[1], *times[2], *doubles[2], *words[3];
    int64_t time[MOST];
    double x[MOST];
    int32_t offsets[MOST + 1];
    char text[4 * MOST];
    struct ArrowArray array;
    struct ArrowSchema schema;
} table;

static void let_go_of_child(struct ArrowArray *array) { array->release = NULL; }
static void let_go_of_field(struct ArrowSchema *schema) { schema->release = NULL; }

static void let_go_of_array(struct ArrowArray *array) {
    table *t = array->private_data;
    ++t->owner->released_arrays;
    array->release = NULL;
}

static void let_go_of_schema(struct ArrowSchema *schema) {
    table *t = schema->private_data;
    ++t->owner->released_schemas;
    schema->release = NULL;
}

static void make(table *t, producer *owner, int64_t first, int rows) {
    memset(t, 0, sizeof *t);
    t->owner = owner;
    for (int i = 0; i < rows; ++i) {
        t->time[i] = first + i;
        t->x[i] = (double)(first + i) / 2;
        t->offsets[i + 1] = t->offsets[i] + 3;
        memcpy(t->text + 3 * i, "abc", 3);
    }
    t->times[1] = t->time, t->doubles[1] = t->x, t->words[1] = t->offsets, t->words[2] = t->text;
    const void **const buffers[] = {t->times, t->doubles, t->words};
    const char *const names[] = {"time", "x", "word"}, *const formats[] = {"l", "g", "u"};
    for (int i = 0; i < 3; ++i) {
        t->columns[i] = (struct ArrowArray){
            .length = rows, .n_buffers = i == 2 ? 3 : 2, .buffers = buffers[i], .release = let_go_of_child};
        t->fields[i] = (struct ArrowSchema){.format = formats[i], .name = names[i], .release = let_go_of_field};
        t->children[i] = &t->columns[i];
        t->types[i] = &t->fields[i];
    }
    t->array = (struct ArrowArray){.length = rows, .n_buffers = 1, .n_children = 3, .buffers = t->none,
                                   .children = t->children, .release = let_go_of_array, .private_data = t};
    t->schema = (struct ArrowSchema){
        .format = "+s", .name = "", .n_children = 3, .children = t->types, .release = let_go_of_schema, .private_data = t};
}

static plattli_stream *open_stream(const char *name, uint64_t roll_rows) {
    plattli_stream_options *o = plattli_stream_options_new();
    CHECK(o != NULL);
    OK(plattli_stream_options_set_min_free_bytes(o, 0));
    OK(plattli_stream_options_set_roll_rows(o, roll_rows));
    /* A loaded machine is none of the things that are tested. */
    OK(plattli_stream_options_set_overload_wait(o, 600000));
    plattli_stream *stream = NULL;
    OK(plattli_stream_open(path(name), o, &stream));
    plattli_stream_options_free(o);
    return stream;
}

static plattli_query *query_of(const char *topic) {
    plattli_query *q = plattli_query_new();
    CHECK(q != NULL);
    OK(plattli_query_set_topic(q, topic));
    return q;
}

/* Rows of a page; the sum of its times goes to *sum. */
static uint64_t page(plattli_stream *s, plattli_query *q, int32_t *status, int64_t *sum) {
    struct ArrowArrayStream stream;
    plattli_cursor *cursor = NULL;
    OK(plattli_stream_query(s, q, &stream, &cursor));
    OK(plattli_cursor_status(cursor, status));
    uint64_t rows = 0, told = 0;
    for (;;) {
        struct ArrowArray array;
        CHECK(stream.get_next(&stream, &array) == 0);
        if (array.release == NULL) break;
        const int64_t *times = array.children[0]->buffers[1];
        for (int64_t i = 0; i < array.length; ++i) *sum += times[array.children[0]->offset + i];
        rows += (uint64_t)array.length;
        array.release(&array);
    }
    stream.release(&stream);
    OK(plattli_cursor_rows(cursor, &told));
    CHECK(told == rows);
    OK(plattli_query_resume(q, cursor));
    plattli_cursor_free(cursor);
    return rows;
}

static void an_array_is_taken_on_success_and_left_on_failure(void) {
    plattli_stream *s = open_stream("owner", 100000);
    producer owner = {0, 0};
    table t;
    uint64_t span[2] = {7, 7};
    make(&t, &owner, 100, 5);
    OK(plattli_stream_append(s, "t", "p", &t.array, &t.schema, span));
    CHECK(span[0] == 0 && span[1] == 5);
    CHECK(owner.released_arrays == 1 && owner.released_schemas == 1);
    CHECK(t.array.release == NULL && t.schema.release == NULL);
    memset(&t, 0x55, sizeof t); /* nothing of it is in use */
    make(&t, &owner, 200, 3);
    struct ArrowArray kept = t.array;
    t.array.n_children = 2;
    REFUSED(PLATTLI_ERR_ARGUMENT, "2 children instead of 3", plattli_stream_append(s, "t", "p", &t.array, &t.schema, span));
    t.array = kept;
    t.array.length = 4;
    REFUSED(PLATTLI_ERR_ARGUMENT, "3 values where 4", plattli_stream_append(s, "t", "p", &t.array, &t.schema, span));
    t.array = kept;
    t.offsets[1] = 99;
    REFUSED(PLATTLI_ERR_ARGUMENT, "after 99", plattli_stream_append(s, "t", "p", &t.array, &t.schema, span));
    t.offsets[1] = 3;
    t.fields[0].name = "when";
    REFUSED(PLATTLI_ERR_TYPE, "must be time", plattli_stream_append(s, "t", "p", &t.array, &t.schema, span));
    t.fields[0].name = "time";
    t.fields[0].format = "tsm:UTC";
    REFUSED(PLATTLI_ERR_TYPE, "64-bit integers", plattli_stream_append(s, "t", "p", &t.array, &t.schema, span));
    t.fields[0].format = "l";
    REFUSED(PLATTLI_ERR_ARGUMENT, "partition", plattli_stream_append(s, "t", "", &t.array, &t.schema, span));
    REFUSED(PLATTLI_ERR_ARGUMENT, "array is NULL", plattli_stream_append(s, "t", "p", NULL, &t.schema, span));
    REFUSED(PLATTLI_ERR_ARGUMENT, "schema is NULL", plattli_stream_append(s, "t", "p", &t.array, NULL, span));
    REFUSED(PLATTLI_ERR_ARGUMENT, "stream is NULL", plattli_stream_append(NULL, "t", "p", &t.array, &t.schema, span));
    CHECK(span[0] == 0 && span[1] == 5);
    CHECK(owner.released_arrays == 1 && t.array.release != NULL && t.schema.release != NULL);
    OK(plattli_stream_append(s, "t", "p", &t.array, &t.schema, NULL)); /* as it was */
    CHECK(owner.released_arrays == 2);
    REFUSED(PLATTLI_ERR_ARGUMENT, "released", plattli_stream_append(s, "t", "p", &t.array, &t.schema, span));
    int32_t status = -1;
    int64_t sum = 0;
    plattli_query *q = query_of("t");
    CHECK(page(s, q, &status, &sum) == 8 && status == PLATTLI_PAGE_ALL && sum == 510 + 603);
    plattli_query_free(q);
    OK(plattli_stream_close(s));
}

static void doubles_need_no_arrow(void) {
    plattli_stream *s = open_stream("doubles", 100000);
    const int64_t time[] = {1, 2, 3};
    const double a[] = {0.5, 1.5, 2.5}, b[] = {-1, -2, -3};
    const char *const names[] = {"a", "b"}, *const twice[] = {"a", "a"};
    const double *const values[] = {a, b}, *const missing[] = {a, NULL};
    uint64_t span[2];
    OK(plattli_stream_append_f64(s, "t", "p", time, names, values, 2, 3, span));
    OK(plattli_stream_append_f64(s, "t", "p", time, names, values, 2, 3, span));
    CHECK(span[0] == 3 && span[1] == 6);
    REFUSED(PLATTLI_ERR_ARGUMENT, "values[1]", plattli_stream_append_f64(s, "t", "p", time, names, missing, 2, 3, span));
    REFUSED(PLATTLI_ERR_ARGUMENT, "\"a\"", plattli_stream_append_f64(s, "t", "p", time, twice, values, 2, 3, span));
    REFUSED(PLATTLI_ERR_ARGUMENT, "time_ms", plattli_stream_append_f64(s, "t", "p", NULL, names, values, 2, 3, span));
    plattli_query *q = query_of("t");
    struct ArrowArrayStream stream;
    OK(plattli_stream_query(s, q, &stream, NULL));
    struct ArrowArray array;
    CHECK(stream.get_next(&stream, &array) == 0 && array.length == 6 && array.n_children == 3);
    const double *read = array.children[2]->buffers[1];
    CHECK(read[1] < -1.5 && read[1] > -2.5 && read[5] < -2.5);
    array.release(&array);
    stream.release(&stream);
    plattli_query_free(q);
    OK(plattli_stream_close(s));
}

static void fill(plattli_stream *s, const char *partition, int64_t from, int64_t to) {
    for (int64_t t = from; t < to; ++t) {
        const double x = (double)t;
        const char *const names[] = {"x"};
        const double *const values[] = {&x};
        OK(plattli_stream_append_f64(s, "t", partition, &t, names, values, 1, 1, NULL));
    }
}

static void pages_go_on_through_a_cursor_and_its_text(void) {
    plattli_stream *s = open_stream("pages", 10);
    fill(s, "a", 0, 50);
    fill(s, "b", 0, 50);
    plattli_query *q = query_of("t");
    OK(plattli_query_set_max_rows(q, 30));
    int32_t status = -1;
    int64_t sum = 0;
    CHECK(page(s, q, &status, &sum) == 30 && status == PLATTLI_PAGE_ROW_LIMIT);
    CHECK(page(s, q, &status, &sum) == 30 && status == PLATTLI_PAGE_ROW_LIMIT);
    CHECK(page(s, q, &status, &sum) == 30 && status == PLATTLI_PAGE_ROW_LIMIT);
    CHECK(page(s, q, &status, &sum) == 10 && status == PLATTLI_PAGE_ALL && sum == 2 * 49 * 50 / 2);
    CHECK(page(s, q, &status, &sum) == 0 && status == PLATTLI_PAGE_ALL);
    /* From the beginning, the cursor through its text. */
    OK(plattli_query_resume(q, NULL));
    struct ArrowArrayStream stream;
    plattli_cursor *cursor = NULL;
    OK(plattli_stream_query(s, q, &stream, &cursor));
    stream.release(&stream);
    size_t count = 0;
    const char *name = NULL;
    uint64_t position = 0;
    OK(plattli_cursor_partition_count(cursor, &count));
    OK(plattli_cursor_partition(cursor, 1, &name, &position));
    CHECK(count == 2 && strcmp(name, "b") == 0 && position == 15);
    REFUSED(PLATTLI_ERR_NOT_FOUND, "partition 2", plattli_cursor_partition(cursor, 2, &name, NULL));
    plattli_string *text = NULL;
    OK(plattli_cursor_text(cursor, &text));
    plattli_cursor_free(cursor);
    OK(plattli_query_set_cursor(q, plattli_string_data(text), plattli_string_len(text)));
    plattli_string_free(text);
    OK(plattli_query_set_max_rows(q, 1000));
    sum = 0;
    CHECK(page(s, q, &status, &sum) == 70 && status == PLATTLI_PAGE_ALL);
    REFUSED(PLATTLI_ERR_ARGUMENT, "cursor", plattli_query_set_cursor(q, "{}", 2));
    plattli_query_free(q);
    /* One partition, back, in a range of times. */
    const char *const one[] = {"b"};
    q = query_of("t");
    OK(plattli_query_set_partitions(q, one, 1));
    OK(plattli_query_set_order(q, PLATTLI_DESCENDING));
    OK(plattli_query_set_time(q, 10, 19));
    OK(plattli_query_set_start(q, 15));
    sum = 0;
    CHECK(page(s, q, &status, &sum) == 5 && sum == 10 + 11 + 12 + 13 + 14);
    plattli_query_free(q);
    plattli_strings *names = NULL;
    OK(plattli_stream_topics(s, &names));
    CHECK(plattli_strings_len(names) == 1);
    plattli_strings_free(names);
    OK(plattli_stream_partitions(s, "t", &names));
    CHECK(plattli_strings_len(names) == 2);
    plattli_strings_free(names);
    OK(plattli_stream_partitions(s, "nothing", &names));
    CHECK(plattli_strings_len(names) == 0);
    plattli_strings_free(names);
    OK(plattli_stream_warnings(s, &names));
    CHECK(plattli_strings_len(names) == 0);
    plattli_strings_free(names);
    OK(plattli_stream_checkpoint(s));
    OK(plattli_stream_retain(s));
    plattli_stream_stats stats = {.size = sizeof stats};
    OK(plattli_stream_get_stats(s, &stats));
    CHECK(stats.rows == 100 && stats.batches == 100 && stats.rolls >= 6 && stats.bytes > 0 && stats.read_only == 0);
    stats.size = 0;
    REFUSED(PLATTLI_ERR_ARGUMENT, "sizeof(plattli_stream_stats)", plattli_stream_get_stats(s, &stats));
    OK(plattli_stream_close(s));
    s = open_stream("pages", 10);
    q = query_of("t");
    sum = 0;
    CHECK(page(s, q, &status, &sum) == 100 && sum == 49 * 50);
    plattli_query_free(q);
    OK(plattli_stream_close(s));
}

static void columns_are_chosen(void) {
    plattli_stream *s = open_stream("columns", 100000);
    producer owner = {0, 0};
    table t;
    make(&t, &owner, 0, 4);
    OK(plattli_stream_append(s, "t", "p", &t.array, &t.schema, NULL));
    plattli_query *q = query_of("t");
    const char *const pick[] = {"word", "time"}, *const stranger[] = {"y"}, *const all[] = {"time", "x", "word"};
    OK(plattli_query_set_pick(q, pick, 2));
    OK(plattli_query_set_max_value_bytes(q, 2));
    OK(plattli_query_set_labels(q, true));
    OK(plattli_query_set_flatten(q, "."));
    struct ArrowArrayStream stream;
    OK(plattli_stream_query(s, q, &stream, NULL));
    struct ArrowSchema schema;
    CHECK(stream.get_schema(&stream, &schema) == 0 && schema.n_children == 4);
    const char *const names[] = {"word", "time", "_partition", "_index"};
    for (int i = 0; i < 4; ++i) CHECK(strcmp(schema.children[i]->name, names[i]) == 0);
    schema.release(&schema);
    struct ArrowArray array;
    CHECK(stream.get_next(&stream, &array) == 0 && array.children[0]->null_count == 4);
    array.release(&array);
    stream.release(&stream);
    OK(plattli_query_set_pick(q, stranger, 1));
    REFUSED(PLATTLI_ERR_NOT_FOUND, "time, x, word", plattli_stream_query(s, q, &stream, NULL));
    OK(plattli_query_set_pick(q, NULL, 0));
    OK(plattli_query_set_exclude(q, all, 3));
    REFUSED(PLATTLI_ERR_ARGUMENT, "excluded", plattli_stream_query(s, q, &stream, NULL));
    plattli_query_free(q);
    OK(plattli_stream_close(s));
}

static void what_is_refused(void) {
    plattli_stream *s = open_stream("refused", 100000), *second = NULL;
    fill(s, "p", 0, 3);
    REFUSED(PLATTLI_ERR_BUSY, "stream store", plattli_stream_open(path("refused"), NULL, &second));
    CHECK(second == NULL);
    REFUSED(PLATTLI_ERR_ARGUMENT, "dir is NULL", plattli_stream_open(NULL, NULL, &second));
    REFUSED(PLATTLI_ERR_ARGUMENT, "out is NULL", plattli_stream_open(path("x"), NULL, NULL));
    plattli_stream_options *o = plattli_stream_options_new();
    REFUSED(PLATTLI_ERR_ARGUMENT, "format 7", plattli_stream_options_set_format(o, 7));
    OK(plattli_stream_options_set_format(o, PLATTLI_SEGMENT_ARROW));
    if (!plattli_has_feature("parquet")) {
        REFUSED(PLATTLI_ERR_UNSUPPORTED, "`parquet`", plattli_stream_options_set_format(o, PLATTLI_SEGMENT_PARQUET));
    }
    REFUSED(PLATTLI_ERR_ARGUMENT, "roll_rows 0", plattli_stream_options_set_roll_rows(o, 0));
    REFUSED(PLATTLI_ERR_ARGUMENT, "roll_bytes 0", plattli_stream_options_set_roll_bytes(o, 0));
    REFUSED(PLATTLI_ERR_ARGUMENT, "partition_bytes 0", plattli_stream_options_set_partition_bytes(o, 0));
    REFUSED(PLATTLI_ERR_ARGUMENT, "partition_segments 0", plattli_stream_options_set_partition_segments(o, 0));
    REFUSED(PLATTLI_ERR_ARGUMENT, "store_bytes 0", plattli_stream_options_set_store_bytes(o, 0));
    REFUSED(PLATTLI_ERR_ARGUMENT, "open_topics 0", plattli_stream_options_set_open_topics(o, 0));
    REFUSED(PLATTLI_ERR_ARGUMENT, "active_bytes 0", plattli_stream_options_set_active_bytes(o, 0));
    REFUSED(PLATTLI_ERR_ARGUMENT, "options is NULL", plattli_stream_options_set_sync(NULL, true));
    OK(plattli_stream_options_set_roll_age(o, 0));
    OK(plattli_stream_options_set_checkpoint(o, 0));
    OK(plattli_stream_options_set_sync(o, false));
    OK(plattli_stream_options_set_max_age(o, 0));
    OK(plattli_stream_options_set_overload_wait(o, 5));
    OK(plattli_stream_options_set_threads(o, 0));
    OK(plattli_stream_options_set_manifest(o, ":memory:"));
    OK(plattli_stream_options_set_drop_waiting(o, true));
    OK(plattli_stream_options_set_replicate(o, "ftp://nowhere", 0));
    REFUSED(PLATTLI_ERR_ARGUMENT, "ftp://", plattli_stream_open(path("ftp"), o, &second));
    OK(plattli_stream_options_set_replicate(o, NULL, 0));
    plattli_stream_options_free(o);
    plattli_query *q = plattli_query_new();
    struct ArrowArrayStream stream;
    REFUSED(PLATTLI_ERR_ARGUMENT, "no topic", plattli_stream_query(s, q, &stream, NULL));
    REFUSED(PLATTLI_ERR_ARGUMENT, "query is NULL", plattli_stream_query(s, NULL, &stream, NULL));
    REFUSED(PLATTLI_ERR_ARGUMENT, "topic is NULL", plattli_query_set_topic(q, NULL));
    REFUSED(PLATTLI_ERR_ARGUMENT, "order 2", plattli_query_set_order(q, 2));
    REFUSED(PLATTLI_ERR_ARGUMENT, "0 rows", plattli_query_set_max_rows(q, 0));
    REFUSED(PLATTLI_ERR_ARGUMENT, "0 bytes", plattli_query_set_max_bytes(q, 0));
    REFUSED(PLATTLI_ERR_ARGUMENT, "ends before", plattli_query_set_time(q, 2, 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, "names is NULL", plattli_query_set_pick(q, NULL, 1));
    if (plattli_has_feature("patterns")) {
        REFUSED(PLATTLI_ERR_ARGUMENT, "regular expression", plattli_query_set_pattern(q, "a)(b"));
        OK(plattli_query_set_pattern(q, "^p$"));
    } else {
        REFUSED(PLATTLI_ERR_UNSUPPORTED, "`patterns`", plattli_query_set_pattern(q, "^p$"));
    }
    OK(plattli_query_set_topic(q, "nothing"));
    REFUSED(PLATTLI_ERR_NOT_FOUND, "\"nothing\"", plattli_stream_query(s, q, &stream, NULL));
    REFUSED(PLATTLI_ERR_ARGUMENT, "out is NULL", plattli_stream_query(s, q, NULL, NULL));
    plattli_query_free(q);
    int32_t status = 0;
    REFUSED(PLATTLI_ERR_ARGUMENT, "cursor is NULL", plattli_cursor_status(NULL, &status));
    REFUSED(PLATTLI_ERR_STATE, "replicate", plattli_stream_replicate(s, NULL));
    plattli_query_free(NULL);
    plattli_cursor_free(NULL);
    plattli_stream_options_free(NULL);
    OK(plattli_stream_close(NULL));
    OK(plattli_stream_close(s));
}

static void segments_are_replicated(void) {
    plattli_stream_options *o = plattli_stream_options_new();
    OK(plattli_stream_options_set_min_free_bytes(o, 0));
    OK(plattli_stream_options_set_roll_rows(o, 1));
    OK(plattli_stream_options_set_overload_wait(o, 600000));
    OK(plattli_stream_options_set_replicate(o, path("bucket"), 0));
    plattli_stream *s = NULL;
    OK(plattli_stream_open(path("replicated"), o, &s));
    fill(s, "p", 0, 9);
    OK(plattli_stream_checkpoint(s));
    plattli_stream_stats stats = {.size = sizeof stats};
    OK(plattli_stream_get_stats(s, &stats));
    CHECK(stats.waiting >= 3 && stats.replicated == 0);
    uint64_t copied = 0;
    OK(plattli_stream_replicate(s, &copied));
    CHECK(copied == stats.waiting);
    OK(plattli_stream_get_stats(s, &stats));
    CHECK(stats.waiting == 0 && stats.replicated == copied && stats.replication_errors == 0);
    CHECK(exists(path("bucket/topics/t/p/0.arrow")));
    OK(plattli_stream_replicate(s, &copied));
    CHECK(copied == 0);
    OK(plattli_stream_close(s));
    plattli_stream_options_free(o);
}

static void a_forked_child_cannot_harm_its_parent(void) {
    plattli_stream *s = open_stream("forked", 2);
    fill(s, "p", 0, 10);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        plattli_stream_stats stats = {.size = sizeof stats};
        EXPECT(PLATTLI_ERR_FORKED, plattli_stream_get_stats(s, &stats));
        EXPECT(PLATTLI_ERR_FORKED, plattli_stream_checkpoint(s));
        EXPECT(PLATTLI_ERR_FORKED, plattli_stream_close(s));
        _exit(0);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    fill(s, "p", 10, 20);
    OK(plattli_stream_close(s));
    s = open_stream("forked", 2);
    int32_t why = -1;
    int64_t sum = 0;
    plattli_query *q = query_of("t");
    CHECK(page(s, q, &why, &sum) == 20 && sum == 190);
    plattli_query_free(q);
    OK(plattli_stream_close(s));
}

static void without_the_feature(void) {
    plattli_stream *s = NULL;
    struct ArrowArrayStream stream;
    CHECK(plattli_stream_options_new() == NULL && strstr(plattli_last_error(), "feature `stream`") != NULL);
    CHECK(plattli_query_new() == NULL);
    REFUSED(PLATTLI_ERR_UNSUPPORTED, "feature `stream`", plattli_stream_open(path("s"), NULL, &s));
    EXPECT(PLATTLI_ERR_UNSUPPORTED, plattli_stream_append(NULL, "t", "p", NULL, NULL, NULL));
    EXPECT(PLATTLI_ERR_UNSUPPORTED, plattli_stream_query(NULL, NULL, &stream, NULL));
    EXPECT(PLATTLI_ERR_UNSUPPORTED, plattli_stream_options_set_sync(NULL, true));
    EXPECT(PLATTLI_ERR_UNSUPPORTED, plattli_query_set_topic(NULL, "t"));
    EXPECT(PLATTLI_ERR_UNSUPPORTED, plattli_cursor_text(NULL, NULL));
    OK(plattli_stream_close(NULL));
    plattli_stream_options_free(NULL);
    plattli_query_free(NULL);
    plattli_cursor_free(NULL);
}

int main(int argc, char **argv) {
    BEGIN(argc, argv);
    if (!plattli_has_feature("stream")) {
        TEST(without_the_feature);
        return 0;
    }
    TEST(an_array_is_taken_on_success_and_left_on_failure);
    TEST(doubles_need_no_arrow);
    TEST(pages_go_on_through_a_cursor_and_its_text);
    TEST(columns_are_chosen);
    TEST(what_is_refused);
    TEST(segments_are_replicated);
    TEST(a_forked_child_cannot_harm_its_parent);
    return 0;
}
