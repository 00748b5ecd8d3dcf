// plattli itself: ours id|name|row|alone write|read|resume|finish|bulk …; alone: by id, without the background thread
#include "common.h"
#include <plattli.h>
#define OK(x) do { if ((x) != PLATTLI_OK) DIE(#x ": %s", plattli_last_error()); } while (0)

static int f64_, byname, row_, alone;
static char (*names)[16];
static uint32_t *ids_;
static uint32_t *rowids; static float *rowf;

static void *w_open(const char *dir, const struct shape *s, long resume) {
  f64_ = s->f64;
  names = calloc(s->M, 16); ids_ = calloc(s->M, 4); rowids = calloc(s->M, 4); rowf = calloc(s->M, 4);
  for (int m = 0; m < s->M; m++) sprintf(names[m], "m%04d", m);
  plattli_writer_options *o = plattli_writer_options_new();
  if (resume >= 0) OK(plattli_writer_options_set_step(o, (uint32_t)resume));
  if (alone) OK(plattli_writer_options_set_threads(o, 0));
  plattli_writer *w = 0;
  OK(plattli_writer_open(dir, o, &w));
  plattli_writer_options_free(o);
  for (int m = 0; m < s->M; m++) OK(plattli_writer_metric(w, names[m], f64_ ? PLATTLI_F64 : PLATTLI_F32, &ids_[m]));
  return w;
}
static void w_step(void *w, long step, int n, const int *ids, const double *v) {
  (void)step;
  if (row_) {
    for (int i = 0; i < n; i++) rowids[i] = ids_[ids[i]];
    if (f64_) plattli_put_row_f64(w, rowids, v, n);
    else { for (int i = 0; i < n; i++) rowf[i] = (float)v[i]; plattli_put_row_f32(w, rowids, rowf, n); }
  } else if (byname) {
    if (f64_) for (int i = 0; i < n; i++) plattli_write_f64(w, names[ids[i]], v[i]);
    else for (int i = 0; i < n; i++) plattli_write_f32(w, names[ids[i]], (float)v[i]);
  } else {
    if (f64_) for (int i = 0; i < n; i++) plattli_put_f64(w, ids_[ids[i]], v[i]);
    else for (int i = 0; i < n; i++) plattli_put_f32(w, ids_[ids[i]], (float)v[i]);
  }
  OK(plattli_end_step(w));
}
static void w_finish(void *w) { OK(plattli_finish(w, 0)); plattli_writer_close(w); }
static void bulk(const char *dir, const struct shape *s, const uint32_t *steps, const double *v, int finish) {
  (void)steps;
  plattli_writer_options *o = plattli_writer_options_new();
  OK(plattli_writer_options_set_layout(o, PLATTLI_BULK));
  plattli_writer *w = 0; OK(plattli_writer_open(dir, o, &w)); plattli_writer_options_free(o);
  uint32_t id; OK(plattli_writer_metric(w, "m0000", s->f64 ? PLATTLI_F64 : PLATTLI_F32, &id));
  for (long i = 0; i < s->N; i++) { if (s->f64) plattli_put_f64(w, id, v[i]); else plattli_put_f32(w, id, (float)v[i]); OK(plattli_end_step(w)); }
  if (finish) w_finish(w); else OK(plattli_writer_close(w));
}
static void *r_open(const char *dir, const struct shape *s) { (void)s; plattli_reader *r = 0; OK(plattli_reader_open(dir, 0, &r)); return r; }
static int rcol(void *r, const char *metric, long start, long count, struct col *c) {
  plattli_selection sel = {0}; size_t n = 0;
  long cap = count;
  if (start < 0) { sel.kind = PLATTLI_POSITIONS; sel.bounds = 1; sel.start = start; }
  else if (count >= 0) { sel.kind = PLATTLI_POSITIONS; sel.bounds = 3; sel.start = start; sel.stop = start + count; }
  if (count < 0) { int rc = f64_ ? plattli_read_f64(r, metric, &sel, 0, 0, 0, &n) : plattli_read_f32(r, metric, &sel, 0, 0, 0, &n); if (rc && rc != PLATTLI_ERR_BUFFER) { fprintf(stderr, "%s\n", plattli_last_error()); return -1; } cap = (long)n; }
  col_alloc(c, cap, f64_);
  int rc = f64_ ? plattli_read_f64(r, metric, &sel, c->steps, c->vals, cap, &n) : plattli_read_f32(r, metric, &sel, c->steps, c->vals, cap, &n);
  if (rc) { fprintf(stderr, "%s\n", plattli_last_error()); return -1; }
  c->n = (long)n; return 0;
}
static void *ropen_(const char *dir, const struct shape *s) { f64_ = s->f64; return r_open(dir, s); }
static void rclose(void *r) { plattli_reader_close(r); }

int main(int argc, char **argv) {
  if (argc < 2) return 1;
  byname = !strcmp(argv[1], "name"); row_ = !strcmp(argv[1], "row"); alone = !strcmp(argv[1], "alone");
  struct peer p = {w_open, w_step, w_finish, bulk, ropen_, rcol, rclose};
  return peer_main(argc - 1, argv + 1, &p);
}
