/* Prints what is in a run, live or finished: each metric with its type, rows, steps and extremes, and a small plot.
 *
 *   make && cc -O2 -Iinclude examples/show.c -o show build/lib/libplattli.a -lpthread -ldl -lm -lgcc_s && ./show heat-run residual
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <plattli.h>

enum { COLUMNS = 72, LINES = 12 };

static const char *const DTYPES[] = {"", "f32", "f64", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "jsonl"};

static int fail(const char *what) {
    fprintf(stderr, "show: %s: %s\n", what, plattli_last_error());
    return 1;
}

/* All values of a numeric metric as doubles, into memory the caller frees; NULL with *n = 0 for an empty metric. */
static int32_t values_of(plattli_reader *run, const char *name, double **values, size_t *n) {
    *values = NULL;
    *n = 0;
    int32_t status = plattli_read_f64(run, name, NULL, NULL, NULL, 0, n);
    if (status != PLATTLI_ERR_BUFFER) return status;
    *values = malloc(*n * sizeof **values);
    if (*values == NULL) return PLATTLI_ERR_BUFFER;
    return plattli_read_f64(run, name, NULL, NULL, *values, *n, n);
}

/* Smallest and largest number among the values, NaN left out. */
static void extremes(const double *values, size_t n, double *lowest, double *highest) {
    *lowest = INFINITY;
    *highest = -INFINITY;
    for (size_t i = 0; i < n; ++i) {
        if (values[i] < *lowest) *lowest = values[i];
        if (values[i] > *highest) *highest = values[i];
    }
}

static int show_metric(plattli_reader *run, const char *name) {
    plattli_metric_info info = {.size = sizeof info};
    if (plattli_reader_metric_info(run, name, &info) != PLATTLI_OK) return fail(name);
    const char *dtype = info.dtype >= 1 && info.dtype <= 11 ? DTYPES[info.dtype] : "?";
    printf("%-20s %-5s %9" PRIu64 "  ", name, dtype, info.rows);
    if (info.rows == 0) {
        puts("         -          -");
        return 0;
    }
    printf("%10" PRIu32 " %10" PRIu32, info.first_step, info.last_step);
    if (info.dtype != PLATTLI_JSON) {
        double *values, lowest, highest;
        size_t n;
        if (values_of(run, name, &values, &n) != PLATTLI_OK) return fail(name);
        extremes(values, n, &lowest, &highest);
        free(values);
        printf("  %.17g  %.17g", lowest, highest);
    }
    putchar('\n');
    return 0;
}

/* The metric over its rows, its magnitude in powers of ten if it spans more than one of them. */
static int plot(plattli_reader *run, const char *name) {
    double *values, lowest, highest;
    size_t n;
    if (values_of(run, name, &values, &n) != PLATTLI_OK) return fail(name);
    extremes(values, n, &lowest, &highest);
    int logarithmic = lowest > 0 && highest > 10 * lowest;
    if (logarithmic) {
        lowest = log10(lowest);
        highest = log10(highest);
    }
    double height = highest > lowest ? highest - lowest : 1;
    char picture[LINES][COLUMNS + 1];
    memset(picture, ' ', sizeof picture);
    for (size_t i = 0; i < n; ++i) {
        double y = logarithmic ? log10(values[i]) : values[i];
        if (!isfinite(y)) continue;
        int line = (int)lround((highest - y) / height * (LINES - 1));
        if (line >= 0 && line < LINES) picture[line][i * COLUMNS / n] = '*';
    }
    free(values);
    printf("\n%s%s\n", logarithmic ? "log10 of " : "", name);
    for (int line = 0; line < LINES; ++line) {
        picture[line][COLUMNS] = '\0';
        printf("%10.3g |%s\n", highest - height * line / (LINES - 1), picture[line]);
    }
    return 0;
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: show RUN [metric to plot]\n");
        return 2;
    }
    plattli_reader *run = NULL;
    if (plattli_reader_open(argv[1], NULL, &run) != PLATTLI_OK) return fail(argv[1]);
    size_t metrics = 0;
    int bad = plattli_reader_metric_count(run, &metrics) != PLATTLI_OK;
    printf("%-20s %-5s %9s  %10s %10s  %s\n", "metric", "type", "rows", "first step", "last step", "minimum, maximum");
    for (size_t i = 0; i < metrics && !bad; ++i) {
        const char *name;
        bad = plattli_reader_metric_name(run, i, &name) != PLATTLI_OK || show_metric(run, name) != 0;
    }
    if (!bad && argc > 2) bad = plot(run, argv[2]);
    plattli_reader_close(run);
    return bad;
}
