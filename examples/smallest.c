/* The smallest program: one metric, one value per step. */
#include <math.h>
#include <plattli.h>
#include <stdio.h>

static double solve(int step) {
    return exp(-0.01 * step);
}

int main(void) {
    plattli_writer *run = NULL;
    if (plattli_writer_open("heat", NULL, &run)) {
        puts(plattli_last_error());
        return 1;
    }
    for (int step = 0; step < 1000; ++step) {
        plattli_write_f64(run, "residual", solve(step));
        plattli_end_step(run);
    }
    plattli_finish(run, NULL);
    return plattli_writer_close(run);
}
