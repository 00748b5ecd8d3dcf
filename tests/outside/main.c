#include <plattli.h>
#include <stdio.h>

int main(int argc, char **argv) {
    plattli_writer *run = NULL;
    if (argc < 2 || plattli_version() != PLATTLI_VERSION) return 2;
    if (plattli_writer_open(argv[1], NULL, &run) != PLATTLI_OK) {
        puts(plattli_last_error());
        return 1;
    }
    for (int step = 0; step < 1000; ++step) {
        plattli_write_f64(run, "residual", 1.0 / (1 + step));
        plattli_end_step(run);
    }
    int32_t status = plattli_finish(run, NULL);
    return plattli_writer_close(run) != PLATTLI_OK || status != PLATTLI_OK;
}
