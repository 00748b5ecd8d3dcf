#include "words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int hex(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

static bool decode(char *text, size_t *len) {
    char *to = text;
    if (strcmp(text, "%") == 0) {
        *text = '\0';
        *len = 0;
        return true;
    }
    for (const char *from = text; *from != '\0'; ++from) {
        if (*from != '%') {
            *to++ = *from;
            continue;
        }
        int high = hex(from[1]), low = high < 0 ? -1 : hex(from[2]);
        if (low < 0) return false;
        *to++ = (char)(high * 16 + low);
        from += 2;
    }
    *to = '\0';
    *len = (size_t)(to - text);
    return true;
}

int words_split(char *line, word *out, int cap) {
    int n = 0;
    char *rest = line;
    for (char *text; (text = strsep(&rest, " ")) != NULL;) {
        if (*text == '\0') continue;
        if (n == cap) return -1;
        out[n].text = text;
        if (!decode(text, &out[n].len)) return -1;
        ++n;
    }
    return n;
}

bool word_i64(const char *text, int64_t lo, int64_t hi, int64_t *out) {
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || value < lo || value > hi) return false;
    *out = value;
    return true;
}

bool word_u64(const char *text, uint64_t hi, uint64_t *out) {
    char *end;
    errno = 0;
    if (*text < '0' || *text > '9') return false;
    unsigned long long value = strtoull(text, &end, 10);
    if (*end != '\0' || errno != 0 || value > hi) return false;
    *out = value;
    return true;
}

static bool bits(const char *text, uint64_t hi, uint64_t *out) {
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text + 2, &end, 16);
    if (end == text + 2 || *end != '\0' || errno != 0 || value > hi) return false;
    *out = value;
    return true;
}

bool word_f64(const char *text, double *out) {
    if (strncmp(text, "0x", 2) == 0) {
        uint64_t raw;
        if (!bits(text, UINT64_MAX, &raw)) return false;
        memcpy(out, &raw, sizeof *out);
        return true;
    }
    char *end;
    *out = strtod(text, &end);
    return end != text && *end == '\0';
}

bool word_f32(const char *text, float *out) {
    if (strncmp(text, "0x", 2) == 0) {
        uint64_t raw;
        if (!bits(text, UINT32_MAX, &raw)) return false;
        uint32_t narrow = (uint32_t)raw;
        memcpy(out, &narrow, sizeof *out);
        return true;
    }
    char *end;
    *out = strtof(text, &end);
    return end != text && *end == '\0';
}

void print_json_string(FILE *out, const char *text, size_t len) {
    putc('"', out);
    for (size_t i = 0; i < len; ++i) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\') {
            putc('\\', out);
            putc(c, out);
        } else if (c < 0x20) {
            fprintf(out, "\\u%04x", c);
        } else {
            putc(c, out);
        }
    }
    putc('"', out);
}

void print_plain(FILE *out, const char *text) {
    for (; *text != '\0'; ++text) putc((unsigned char)*text < 0x20 ? ' ' : *text, out);
}
