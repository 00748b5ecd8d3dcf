#include "pattern.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

ack_board *board_map(const char *path) {
    int fd = open(path, O_RDWR | O_CREAT, 0644);
    if (fd < 0) return NULL;
    void *at = MAP_FAILED;
    if (ftruncate(fd, sizeof(ack_board)) == 0)
        at = mmap(NULL, sizeof(ack_board), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return at == MAP_FAILED ? NULL : at;
}

/* The metrics of the pattern: cadences that are regular, sparse and irregular (which spills into an index file), a
 * type that widens on the way, and text. */
static bool has_res(uint64_t s) { (void)s; return true; }
static bool has_half(uint64_t s) { return s % 2 == 0; }
static bool has_odd(uint64_t s) { return __builtin_popcountll(s * 2654435761u) % 3 == 0; }
static bool has_note(uint64_t s) { return s % 5 == 0; }

static double res_at(uint64_t s) { return 1.0 / (double)(s + 1); }
static double half_at(uint64_t s) { return (double)(float)((double)s * 0.1); }
static double odd_at(uint64_t s) { return (double)(s % 97); }
static double wide_at(uint64_t s) { return s % 64 == 63 ? (double)(s * 1000 % 2000000000u) : (double)(s % 100); }
static int note_at(uint64_t s, char *text, size_t cap) { return snprintf(text, cap, "note \xc3\xa9 %llu", (unsigned long long)s); }

typedef struct column {
    const char *name;
    bool (*has)(uint64_t step);
    double (*at)(uint64_t step); /* NULL: text */
} column;

static const column COLUMNS[] = {
    {"res", has_res, res_at}, {"solver/half", has_half, half_at}, {"odd", has_odd, odd_at},
    {"wide", has_res, wide_at}, {"note", has_note, NULL},
};
enum { N_COLUMNS = sizeof COLUMNS / sizeof *COLUMNS };

int32_t pattern_step(plattli_writer *run, uint32_t step) {
    int32_t first = PLATTLI_OK, status;
    status = plattli_write_f64(run, "res", res_at(step));
    if (status != PLATTLI_OK) first = status;
    if (has_half(step)) {
        status = plattli_write_f32(run, "solver/half", (float)half_at(step));
        if (first == PLATTLI_OK) first = status;
    }
    if (has_odd(step)) {
        status = plattli_write_i64(run, "odd", (int64_t)odd_at(step));
        if (first == PLATTLI_OK) first = status;
    }
    status = step % 64 == 63 ? plattli_write_i32(run, "wide", (int32_t)wide_at(step)) : plattli_write_i8(run, "wide", (int8_t)wide_at(step));
    if (first == PLATTLI_OK) first = status;
    if (has_note(step)) {
        char text[64];
        int len = note_at(step, text, sizeof text);
        status = plattli_write_str(run, "note", text, (size_t)len);
        if (first == PLATTLI_OK) first = status;
    }
    status = plattli_end_step(run);
    return first == PLATTLI_OK ? status : first;
}

static uint64_t next_at(const column *c, uint64_t step, uint64_t end) {
    while (step < end && !c->has(step)) ++step;
    return step;
}

static int check_column(plattli_reader *reader, const column *c, uint64_t from, uint64_t end, char *why, size_t cap) {
    plattli_selection wanted = {.kind = PLATTLI_STEPS, .bounds = 1, .start = (int64_t)from};
    plattli_column *rows = NULL;
    int result = -1;
    int32_t status = plattli_reader_column(reader, c->name, &wanted, c->at ? PLATTLI_F64 : PLATTLI_JSON, &rows);
    uint64_t expected = next_at(c, from, end);
    if (status == PLATTLI_ERR_NOT_FOUND && expected == end) return 0;
    if (status != PLATTLI_OK) {
        snprintf(why, cap, "%s: status %d: %s", c->name, (int)status, plattli_last_error());
        return -1;
    }
    size_t n = plattli_column_len(rows);
    const uint32_t *steps = plattli_column_steps(rows);
    const double *values = plattli_column_values(rows);
    for (size_t i = 0; i < n; ++i, expected = next_at(c, expected + 1, end)) {
        if (steps[i] != expected || expected >= end) {
            snprintf(why, cap, "%s: row %zu is step %u, expected %llu of %llu", c->name, i, (unsigned)steps[i],
                     (unsigned long long)expected, (unsigned long long)end);
            goto out;
        }
        if (c->at != NULL) {
            if (values[i] != c->at(expected)) {
                snprintf(why, cap, "%s: step %u is %.17g, expected %.17g", c->name, (unsigned)steps[i], values[i], c->at(expected));
                goto out;
            }
        } else {
            const char *text;
            size_t len;
            char note[66] = "\"";
            int wanted_len = note_at(expected, note + 1, sizeof note - 2) + 2;
            note[wanted_len - 1] = '"';
            if (plattli_column_json(rows, i, &text, &len) != PLATTLI_OK || len != (size_t)wanted_len || memcmp(text, note, len) != 0) {
                snprintf(why, cap, "%s: step %u is not the expected text", c->name, (unsigned)steps[i]);
                goto out;
            }
        }
    }
    if (expected < end) {
        snprintf(why, cap, "%s: ends before step %llu although the run reaches %llu", c->name, (unsigned long long)expected,
                 (unsigned long long)end);
        goto out;
    }
    result = 0;
out:
    plattli_column_free(rows);
    return result;
}

int pattern_check(plattli_reader *reader, uint64_t from, uint64_t acked, uint64_t *steps, char *why, size_t cap) {
    plattli_metric_info info = {.size = sizeof info};
    int32_t status = plattli_reader_metric_info(reader, "res", &info);
    uint64_t end = 0;
    if (status == PLATTLI_OK) {
        end = info.rows == 0 ? 0 : (uint64_t)info.last_step + 1;
    } else if (status != PLATTLI_ERR_NOT_FOUND) {
        snprintf(why, cap, "res: status %d: %s", (int)status, plattli_last_error());
        return -1;
    }
    *steps = end;
    if (end < acked) {
        snprintf(why, cap, "the run ends after %llu steps, %llu were acknowledged", (unsigned long long)end, (unsigned long long)acked);
        return -1;
    }
    for (int i = 0; i < N_COLUMNS; ++i)
        if (check_column(reader, &COLUMNS[i], from, end, why, cap) != 0) return -1;
    return 0;
}
