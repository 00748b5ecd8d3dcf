/* A run whose every row follows from its step alone, so that whatever survives a kill or is read beside a busy
 * writer can be checked without a record of what was written. tests/interop/pattern.py is the same in Python. */
#ifndef PATTERN_H
#define PATTERN_H

#include <stdint.h>

#include <plattli.h>

/* Shared with a second process through a small file: what the writer has been promised so far. */
typedef struct ack_board {
    _Atomic uint64_t acked; /* steps below this one are acknowledged */
    _Atomic uint32_t phase; /* one of enum phase */
    _Atomic uint32_t stop;  /* set by the other side: end the busy loop */
} ack_board;

enum phase { PHASE_IDLE, PHASE_OPENING, PHASE_WRITING, PHASE_FINISHING, PHASE_CLOSING, PHASE_DONE };

/* Maps the board at `path`, creating it; NULL on failure. */
ack_board *board_map(const char *path);

/* Writes the row of one step and ends it; the first status other than PLATTLI_OK, or PLATTLI_OK. */
int32_t pattern_step(plattli_writer *run, uint32_t step);

/* Checks every metric of a reader: the rows must be exactly those of the steps 0 … last for one common `last` with
 * last + 1 >= acked. Only rows from step `from` on are compared. Returns 0 and the number of steps, or -1 with a
 * sentence in `why`. */
int pattern_check(plattli_reader *reader, uint64_t from, uint64_t acked, uint64_t *steps, char *why, size_t cap);

#endif
