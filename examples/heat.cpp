// Heat in an insulated square plate, in C++: the program of heat.c step for step, with the same metrics bit for bit.
//
//   make && c++ -std=c++17 -O2 -ffp-contract=off -Iinclude -Ibindings/cpp examples/heat.cpp -o heat build/lib/libplattli.a -lpthread -ldl -lm -lgcc_s && ./heat heat-run 2000
//
// Kill it whenever you like and start it again: it continues from its last checkpoint (RUNDIR/heat.restart), and the
// metrics continue from exactly that step.
#include <plattli.hpp>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <unistd.h>
#include <vector>

constexpr int N = 128, CELLS = N * N, CHECKPOINT_EVERY = 100, MAX_ITERATIONS = 500;
constexpr double WIDTH = 1.0, DIFFUSIVITY = 1.0, TOLERANCE = 1e-8, DT_FIRST = 1e-5, DT_LAST = 2e-4;

using Field = std::vector<double>;

// Everything a restart needs.
struct State {
    std::uint32_t step = 0;  // the next step to compute
    double time = 0, dt = DT_FIRST, wall = 0;
    Field u = Field(CELLS);
};

// What one step has to tell.
struct StepReport {
    int iterations = 0;
    double solver_residual = 0;  // relative, of the linear system
    double residual = 0;         // rate of change of the temperature: 0 in the steady state
};

static double seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// -- the physics ------------------------------------------------------------------------------------------------------

static State initial() {
    State s;
    for (int j = 0; j < N; ++j)
        for (int i = 0; i < N; ++i) {
            const double x = (i + 0.5) / N - 0.3, y = (j + 0.5) / N - 0.4;
            s.u[static_cast<std::size_t>(j * N + i)] = x * x + y * y < 0.04 ? 100.0 : 20.0;
        }
    return s;
}

// out = (1 - dt D laplacian) u, no heat flowing through the walls
static void apply(const Field& field, double k, Field& result) {
    const double* const u = field.data();
    double* const out = result.data();
    for (int j = 0; j < N; ++j)
        for (int i = 0; i < N; ++i) {
            const int c = j * N + i;
            double flow = 0;
            if (i > 0) flow += u[c - 1] - u[c];
            if (i < N - 1) flow += u[c + 1] - u[c];
            if (j > 0) flow += u[c - N] - u[c];
            if (j < N - 1) flow += u[c + N] - u[c];
            out[c] = u[c] - k * flow;
        }
}

static double dot(const Field& a, const Field& b) {
    double sum = 0;
    for (std::size_t c = 0; c < CELLS; ++c) sum += a[c] * b[c];
    return sum;
}

// One implicit step: solves for the new temperatures by conjugate gradients.
static StepReport advance(State& s) {
    static Field r(CELLS), p(CELLS), q(CELLS);
    const double h = WIDTH / N, k = s.dt * DIFFUSIVITY / (h * h);
    const Field old = s.u;
    apply(s.u, k, q);
    for (std::size_t c = 0; c < CELLS; ++c) p[c] = r[c] = old[c] - q[c];
    double rr = dot(r, r);
    const double goal = TOLERANCE * TOLERANCE * dot(old, old);
    StepReport report;
    while (rr > goal && report.iterations < MAX_ITERATIONS) {
        apply(p, k, q);
        const double alpha = rr / dot(p, q), before = rr;
        for (std::size_t c = 0; c < CELLS; ++c) {
            s.u[c] += alpha * p[c];
            r[c] -= alpha * q[c];
        }
        rr = dot(r, r);
        for (std::size_t c = 0; c < CELLS; ++c) p[c] = r[c] + rr / before * p[c];
        ++report.iterations;
    }
    double change = 0;
    for (std::size_t c = 0; c < CELLS; ++c) change += (s.u[c] - old[c]) * (s.u[c] - old[c]);
    report.solver_residual = std::sqrt(rr / dot(old, old));
    report.residual = std::sqrt(change / CELLS) / s.dt;
    s.time += s.dt;
    s.dt = std::fmin(1.005 * s.dt, DT_LAST);  // the field smooths out, the step may grow
    ++s.step;
    return report;
}

// -- the restart file ---------------------------------------------------------------------------------------------------

// The numbers of a state in a file, in either direction.
template <class Transfer>
static bool transfer_all(State& s, Transfer transfer) {
    return transfer(&s.step, sizeof s.step) && transfer(&s.time, sizeof s.time) && transfer(&s.dt, sizeof s.dt) &&
           transfer(&s.wall, sizeof s.wall) && transfer(s.u.data(), CELLS * sizeof(double));
}

// Replaces the restart file as a whole: a kill at any instant leaves the old one or the new one.
static bool save(State& s, const std::string& path) {
    const std::string tmp = path + ".tmp";
    std::FILE* const f = std::fopen(tmp.c_str(), "wb");
    if (f == nullptr) return false;
    bool good = transfer_all(s, [f](const void* data, std::size_t size) { return std::fwrite(data, size, 1, f) == 1; });
    good = std::fflush(f) == 0 && fsync(fileno(f)) == 0 && good;
    good = std::fclose(f) == 0 && good;
    return good && std::rename(tmp.c_str(), path.c_str()) == 0;
}

static bool load(State& s, const std::string& path) {
    std::FILE* const f = std::fopen(path.c_str(), "rb");
    if (f == nullptr) return false;
    const bool good = transfer_all(s, [f](void* data, std::size_t size) { return std::fread(data, size, 1, f) == 1; });
    std::fclose(f);
    return good;
}

// -- the metrics ---------------------------------------------------------------------------------------------------------

// Metrics of one step. The status of each write may be left alone: end_step returns the first error again.
static plattli::Status record(plattli::Writer& run, const State& s, const StepReport& report, bool checkpoint) {
    double total = 0, lowest = s.u[0], highest = s.u[0];
    for (const double u : s.u) {
        total += u;
        lowest = std::fmin(lowest, u);
        highest = std::fmax(highest, u);
    }
    run.write("residual", report.residual);
    run.write("heat/total", total * WIDTH * WIDTH / CELLS);
    run.write("heat/min", lowest);
    run.write("heat/max", highest);
    run.write("solver/iterations", report.iterations);
    run.write("solver/residual", report.solver_residual);
    run.write("time", s.time);
    run.write("dt", s.dt);
    run.write("wall", s.wall);
    if (checkpoint) {
        char note[64];
        std::snprintf(note, sizeof note, "checkpoint at t = %.6f", s.time);
        run.write("note", note);
    }
    return run.end_step();
}

static plattli::WriterOptions options(std::uint32_t step) {
    char config[256];
    std::snprintf(config, sizeof config,
                  "{\"case\": \"insulated plate\", \"cells\": [%d, %d], \"diffusivity\": %g, \"tolerance\": %g}", N, N,
                  DIFFUSIVITY, TOLERANCE);
    plattli::WriterOptions options;
    options.step = step;  // whatever was recorded at or beyond it will be computed again
    options.config = config;
    return options;
}

static void simulate(const std::string& dir, std::uint32_t steps) {
    const std::string restart = dir + "/heat.restart";
    State s = initial();
    if (load(s, restart)) std::printf("heat: continues at step %u\n", static_cast<unsigned>(s.step));
    else s = initial();
    plattli::Writer run(dir, options(s.step));
    const double began = seconds() - s.wall;
    while (s.step < steps) {
        const StepReport report = advance(s);
        const bool checkpoint = s.step % CHECKPOINT_EVERY == 0;
        s.wall = seconds() - began;
        if (const plattli::Status status = record(run, s, report, checkpoint); !status)
            std::fprintf(stderr, "heat: metrics of step %u: %s\n", static_cast<unsigned>(s.step) - 1, status.text());
        if (checkpoint && !save(s, restart)) std::fprintf(stderr, "heat: cannot save %s\n", restart.c_str());
    }
    run.finish();
    run.close();
    std::printf("heat: %u steps, finished\n", static_cast<unsigned>(s.step));
}

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: heat RUNDIR [steps]\n");
        return 2;
    }
    try {
        simulate(argv[1], argc > 2 ? static_cast<std::uint32_t>(std::strtoul(argv[2], nullptr, 10)) : 2000);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "heat: %s\n", error.what());
        return 1;
    }
}
