/* What the C tests share: checks that say what they found, and a scratch folder. */
#ifndef CHECK_H
#define CHECK_H

#include <plattli.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The folder of the test, from the command line. */
static const char *scratch = ".";

static inline void failed(const char *file, int line, const char *what) {
    fprintf(stderr, "%s:%d: %s\n  last error: %s\n", file, line, what, plattli_last_error());
    exit(1);
}

static inline void expect_status(const char *file, int line, const char *call, int32_t found, int32_t wanted) {
    if (found != wanted) {
        char what[600];
        snprintf(what, sizeof what, "%s: %s instead of %s", call, plattli_status_name(found),
                 plattli_status_name(wanted));
        failed(file, line, what);
    }
}

static inline void expect_text(const char *file, int line, const char *wanted) {
    if (strstr(plattli_last_error(), wanted) == NULL) {
        char what[600];
        snprintf(what, sizeof what, "the last error does not mention \"%s\"", wanted);
        failed(file, line, what);
    }
}

#define CHECK(condition) ((condition) ? (void)0 : failed(__FILE__, __LINE__, #condition))
/* The call returns this status. */
#define EXPECT(wanted, call) expect_status(__FILE__, __LINE__, #call, (call), (wanted))
#define OK(call) EXPECT(PLATTLI_OK, call)
/* The call returns this error and its text mentions something. */
#define REFUSED(wanted, text, call) (EXPECT(wanted, call), expect_text(__FILE__, __LINE__, (text)))

/* SCRATCH/name, in one of a few buffers used in turn. */
static inline const char *path(const char *name) {
    static char buffers[32][1024];
    static unsigned turn;
    char *buffer = buffers[turn++ % 32];
    snprintf(buffer, sizeof buffers[0], "%s/%s", scratch, name);
    return buffer;
}

static inline void write_file(const char *name, const char *text) {
    FILE *file = fopen(name, "wb");
    CHECK(file != NULL);
    CHECK(fwrite(text, 1, strlen(text), file) == strlen(text));
    CHECK(fclose(file) == 0);
}

static inline int exists(const char *name) {
    FILE *file = fopen(name, "rb");
    if (file != NULL) fclose(file);
    return file != NULL;
}

static inline plattli_writer *open_writer(const char *name, const plattli_writer_options *options) {
    plattli_writer *writer = NULL;
    OK(plattli_writer_open(path(name), options, &writer));
    CHECK(writer != NULL);
    return writer;
}

static inline plattli_writer_stats stats_of(plattli_writer *writer) {
    plattli_writer_stats stats = {.size = sizeof stats};
    OK(plattli_writer_get_stats(writer, &stats));
    return stats;
}

#define TEST(name)                           \
    do {                                     \
        fprintf(stderr, "  %s\n", #name);    \
        name();                              \
    } while (0)

#define BEGIN(argc, argv) ((argc) > 1 ? (void)(scratch = (argv)[1]) : (void)0)

#endif
