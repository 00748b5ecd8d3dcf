// TensorBoard event files, written natively: one Event (tag, simple_value, always a float) a scalar in the framing of
// TFRecord with masked crc32c, one write(2) a step: tfevents write|read|…  Reading scans the file for one tag.
#include "common.h"

static uint32_t table[256];

static uint32_t crc_by_table(const char *p, size_t n) {
  uint32_t c = 0xffffffff;
  while (n--) c = table[(c ^ (uint8_t)*p++) & 255] ^ (c >> 8);
  return ~c;
}
#ifdef __x86_64__
__attribute__((target("sse4.2"))) static uint32_t crc_by_processor(const char *p, size_t n) {
  uint64_t c = 0xffffffff;
  for (; n >= 8; p += 8, n -= 8) { uint64_t v; memcpy(&v, p, 8); c = __builtin_ia32_crc32di(c, v); }
  while (n--) c = __builtin_ia32_crc32qi((uint32_t)c, (uint8_t)*p++);
  return ~(uint32_t)c;
}
#endif
static uint32_t (*crc32c)(const char *, size_t) = crc_by_table;

static void crc_init(void) {
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t c = i;
    for (int k = 0; k < 8; k++) c = c & 1 ? 0x82f63b78 ^ (c >> 1) : c >> 1;
    table[i] = c;
  }
#ifdef __x86_64__
  if (__builtin_cpu_supports("sse4.2")) crc32c = crc_by_processor;
#endif
  if (crc32c("123456789", 9) != 0xe3069283 || crc_by_table("123456789", 9) != 0xe3069283) DIE("crc32c");
}
static uint32_t masked(const char *p, size_t n) { uint32_t c = crc32c(p, n); return ((c >> 15) | (c << 17)) + 0xa282ead8u; }
static size_t varint(char *b, uint64_t v) { size_t n = 0; while (v > 127) { b[n++] = (char)(v | 128); v >>= 7; } b[n++] = (char)v; return n; }
static char *put32(char *at, uint32_t v) { memcpy(at, &v, 4); return at + 4; }

struct w { int fd; char *buf; char (*names)[16]; int *lengths; };

static char *record(char *at, size_t len) {  // frames the len bytes that stand at at + 12
  uint64_t n = len; memcpy(at, &n, 8); put32(at + 8, masked(at, 8));
  return put32(at + 12 + len, masked(at + 12, len));
}
static double wall_time(void) { struct timespec t; clock_gettime(CLOCK_REALTIME, &t); return t.tv_sec + t.tv_nsec * 1e-9; }

static void *w_open(const char *dir, const struct shape *s, long resume) {
  char p[4096]; snprintf(p, sizeof p, "%s/events.out.tfevents.1", dir);
  struct w *w = calloc(1, sizeof *w);
  w->fd = open(p, O_WRONLY | O_CREAT | O_APPEND | (resume < 0 ? O_TRUNC : 0), 0666); if (w->fd < 0) DIE("open %s", p);
  w->buf = malloc((size_t)s->M * 80 + 64);
  w->names = calloc(s->M, 16); w->lengths = calloc(s->M, sizeof *w->lengths);
  for (int m = 0; m < s->M; m++) { metric_name(m, w->names[m]); w->lengths[m] = (int)strlen(w->names[m]); }
  if (resume < 0) {  // the event of a new file, which TensorBoard looks for before it reads on
    char *e = w->buf + 12; double wall = wall_time();
    *e++ = 0x09; memcpy(e, &wall, 8); e += 8; *e++ = 0x1a; *e++ = 13; memcpy(e, "brain.Event:2", 13); e += 13;
    e = record(w->buf, e - w->buf - 12);
    if (write(w->fd, w->buf, e - w->buf) != e - w->buf) DIE("write");
  }
  return w;
}
static void w_step(void *v_, long step, int n, const int *ids, const double *v) {
  struct w *w = v_; char *o = w->buf; double wall = wall_time();
  for (int i = 0; i < n; i++) {
    int len = w->lengths[ids[i]]; float f = (float)v[i];
    char *e = o + 12;
    *e++ = 0x09; memcpy(e, &wall, 8); e += 8;                                            // wall_time
    *e++ = 0x10; e += varint(e, step);                                                   // step
    *e++ = 0x2a; *e++ = (char)(len + 9); *e++ = 0x0a; *e++ = (char)(len + 7);            // summary { value {
    *e++ = 0x0a; *e++ = (char)len; memcpy(e, w->names[ids[i]], len); e += len;           // tag
    *e++ = 0x15; memcpy(e, &f, 4); e += 4;                                               // simple_value } }
    o = record(o, e - o - 12);
  }
  if (write(w->fd, w->buf, o - w->buf) != o - w->buf) DIE("write");
}
static void w_finish(void *v) { close(((struct w *)v)->fd); }

struct r { char *d; size_t n; struct shape s; };
static void *r_open(const char *dir, const struct shape *s) {
  char p[4096]; snprintf(p, sizeof p, "%s/events.out.tfevents.1", dir);
  struct r *r = calloc(1, sizeof *r); r->s = *s;
  int fd = open(p, O_RDONLY); struct stat st; if (fd < 0 || fstat(fd, &st)) DIE("open %s", p);
  r->d = malloc(st.st_size + 1);
  while (r->n < (size_t)st.st_size) { ssize_t k = read(fd, r->d + r->n, st.st_size - r->n); if (k <= 0) DIE("read %s", p); r->n += k; }
  close(fd); return r;
}
static int r_col(void *v, const char *metric, long start, long count, struct col *c) {
  struct r *r = v; long cap = r->s.N + 16, n = 0; size_t want = strlen(metric);
  struct col all; col_alloc(&all, cap, 0);
  for (const char *p = r->d, *e = p + r->n; p + 16 <= e;) {
    uint64_t len; memcpy(&len, p, 8); if (len > (uint64_t)(e - p) - 16) break;
    const char *d = p + 12 + 9; p += len + 16;
    if (*d++ != 0x10) continue;                                                          // no step: the first event
    uint64_t step = 0; int shift = 0; for (; *d & 128; shift += 7) step |= (uint64_t)(*d++ & 127) << shift;
    step |= (uint64_t)*d++ << shift;
    size_t tag = (uint8_t)d[5]; d += 6;
    if (tag != want || memcmp(d, metric, want) || n == cap) continue;
    float f; memcpy(&f, d + tag + 1, 4); all.steps[n] = (uint32_t)step; col_set(&all, n++, f);
  }
  if (start < 0) start = n + start;
  if (count < 0) { start = 0; count = n; }
  col_alloc(c, count, 0); memcpy(c->steps, all.steps + start, count * 4); memcpy(c->vals, (float *)all.vals + start, count * 4);
  col_free(&all); return 0;
}
static void r_close(void *v) { struct r *r = v; free(r->d); free(r); }
int main(int argc, char **argv) {
  crc_init();
  struct peer p = {w_open, w_step, w_finish, 0, r_open, r_col, r_close};
  return peer_main(argc, argv, &p);
}
