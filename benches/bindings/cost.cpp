// Rounds of metrics written by id, timed; see run.py.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include <plattli.hpp>

namespace {

constexpr int METRICS = 100, STEPS = 500;
using Clock = std::chrono::steady_clock;

void walk(std::vector<double>& values) {
    static std::uint64_t dice = 88172645463325252u;
    for (double& value : values) {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        value += static_cast<double>(dice >> 11) * 0x1p-53 - 0.5;
    }
}

double nanoseconds(Clock::duration duration) { return std::chrono::duration<double, std::nano>(duration).count(); }

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) return 1;
    plattli::WriterOptions options;
    options.hotsize = 1000000000;  // no compaction: it is the same from every language
    plattli::Writer run(argv[1], options);
    std::vector<plattli::Metric<double>> metrics;
    for (int m = 0; m < METRICS; ++m) metrics.push_back(run.metric<double>("metric/" + std::to_string(m)));
    std::vector<double> values(METRICS);
    for (char line[16]; std::fgets(line, sizeof line, stdin) != nullptr;) {
        double written = 0, ended = 0;
        for (int step = 0; step < STEPS; ++step) {
            walk(values);
            const auto t0 = Clock::now();
            for (std::size_t m = 0; m < METRICS; ++m) run.write(metrics[m], values[m]);
            const auto t1 = Clock::now();
            run.end_step().check();
            written += nanoseconds(t1 - t0);
            ended += nanoseconds(Clock::now() - t1);
        }
        std::printf("%.3f %.3f\n", written / METRICS / STEPS, ended / METRICS / STEPS);
        std::fflush(stdout);
    }
    run.close();
}
