// The cost of a metric written by number from C++ beside the same from C, taken in turns in one run: at most 1.2 times.
#include <plattli.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

constexpr int metrics = 32, steps = 300, rounds = 15;

template <class Step>
static double nanoseconds_per_value(Step step) {
    const auto began = std::chrono::steady_clock::now();
    for (int i = 0; i < steps; ++i) step(0.001 * i);
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - began;
    return took.count() / (steps * metrics);
}

int main(int argc, char** argv) {
    if (argc < 2) return 2;
    const std::string scratch = argv[1];
    plattli::WriterOptions options;
    options.hotsize = std::uint64_t{1} << 40;  // no compaction within the measurement
    plattli::Writer a(scratch + "/c", options), b(scratch + "/cpp", options);
    std::vector<std::uint32_t> ids;
    std::vector<plattli::Metric<double>> numbers;
    for (int i = 0; i < metrics; ++i) {
        const std::string name = "metric" + std::to_string(i);
        ids.push_back(a.metric<double>(name).id());
        numbers.push_back(b.metric<double>(name));
    }
    double c = 1e9, cpp = 1e9;
    for (int round = 0; round < rounds; ++round) {
        c = std::min(c, nanoseconds_per_value([&](double x) {
                         for (const std::uint32_t id : ids) plattli_put_f64(a.handle(), id, x);
                         plattli_end_step(a.handle());
                     }));
        cpp = std::min(cpp, nanoseconds_per_value([&](double x) {
                           for (const auto metric : numbers) b.write(metric, x);
                           b.end_step();
                       }));
    }
    a.check();
    b.check();
    std::printf("a value by number: %.1f ns from C, %.1f ns from C++, %.2f times\n", c, cpp, cpp / c);
    return cpp <= 1.2 * c ? 0 : 1;
}
