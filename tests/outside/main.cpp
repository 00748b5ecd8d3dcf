#include <plattli.hpp>

int main(int argc, char** argv) {
    if (argc < 2 || plattli::version() != PLATTLI_VERSION) return 2;
    plattli::Writer run(argv[1]);
    for (int step = 0; step < 1000; ++step) {
        run.write("residual", 1.0 / (1 + step));
        run.end_step();
    }
    run.finish();
    run.close();
    return plattli::Reader(argv[1]).rows("residual") == 1000 ? 0 : 1;
}
