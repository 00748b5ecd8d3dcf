#include <plattli.hpp>

bool simulate(const char* dir) {
    plattli::Writer run(dir);
    run.write("residual", 0.5);
    run.end_step();
    run.finish();
    return true;
}
