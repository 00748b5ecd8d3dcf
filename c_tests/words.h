/* Words of the driver's language: separated by single spaces, any byte written as %xx, the empty word as a lone %. */
#ifndef WORDS_H
#define WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef struct word {
    char *text; /* NUL-terminated; may hold NULs before that */
    size_t len;
} word;

/* Splits `line` in place into at most `cap` decoded words; returns their number, or -1 if there are more or one is
 * not well formed. */
int words_split(char *line, word *out, int cap);

/* Whole-word numbers: false if the word is anything else or out of range. */
bool word_i64(const char *text, int64_t lo, int64_t hi, int64_t *out);
bool word_u64(const char *text, uint64_t hi, uint64_t *out);
bool word_f64(const char *text, double *out); /* decimal, nan, inf, or 0x and the bits in hexadecimal */
bool word_f32(const char *text, float *out);

/* A JSON string, quoted and escaped. */
void print_json_string(FILE *out, const char *text, size_t len);

/* Text on one line: line breaks and other control bytes become spaces. */
void print_plain(FILE *out, const char *text);

#endif
