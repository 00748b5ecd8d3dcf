// Heat in an insulated square plate, with all that a long job has to keep, in C++: the program of probes.c step for step,
// which leaves the same metrics, state, events and probes.
//
//   make && c++ -std=c++17 -O2 -ffp-contract=off -Iinclude -Ibindings/cpp examples/probes.cpp -o probes build/lib/libplattli.a -lpthread -ldl -lm -lgcc_s && ./probes probes-run 2000
//
// Kill it whenever you like and start it again: each step of the metrics, each row of each probe and each event is there
// once. Under mpirun or srun each rank heats a plate of its own; the journal is one for all.
//
//   RUNDIR/journal               events, by all ranks
//   RUNDIR/rank-0                metrics of rank 0
//   RUNDIR/rank-0/state          the state "probes": where to continue
//   RUNDIR/rank-0/stream         topic "probe", one partition per cell
//   RUNDIR/rank-0/field-100.bin  the field at step 100, as the state says
#include <plattli.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <unistd.h>
#include <vector>

constexpr int N = 128, CELLS = N * N, CHECKPOINT_EVERY = 100, MAX_ITERATIONS = 500;
constexpr std::size_t PROBES = 16, BLOCK = 20;  // rows of a probe that are appended together; a divisor of CHECKPOINT_EVERY
constexpr double WIDTH = 1.0, DIFFUSIVITY = 1.0, TOLERANCE = 1e-8, DT_FIRST = 1e-5, DT_LAST = 2e-4;
constexpr double WARM = 25.0;  // a probe that rises beyond it is an event
constexpr std::uint64_t QUOTA = 100000000;

using Field = std::vector<double>;

// What the field file holds: everything that the solver needs to go on.
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

// What the job can do without is told.
static bool tell(const plattli::Status& status, const char* what) {
    if (!status) std::fprintf(stderr, "probes: %s: %s\n", what, status.text());
    return status.ok();
}

// -- the physics ------------------------------------------------------------------------------------------------------

static State initial(int rank) {
    State s;
    for (int j = 0; j < N; ++j)
        for (int i = 0; i < N; ++i) {
            const double x = (i + 0.5) / N - 0.3, y = (j + 0.5) / N - 0.4;
            s.u[static_cast<std::size_t>(j * N + i)] = x * x + y * y < 0.04 ? 100.0 + 10.0 * rank : 20.0;
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

// -- events -------------------------------------------------------------------------------------------------------------

// The rank of this process, by whoever has started it: Open MPI, MPICH, Slurm; 0 if nobody has.
static int rank_of_process() {
    for (const char* name : {"OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK", "SLURM_PROCID"})
        if (const char* rank = std::getenv(name)) return std::atoi(rank);
    return 0;
}

// The journal of all ranks. What was told before a kill is not told again: the steps since the checkpoint are computed twice.
class Events {
public:
    Events(const std::string& location, int rank) : journal_(location), rank_(rank) {
        for (const plattli::Event& event : journal_.read()) told_.emplace(event.text);
    }
    void add(std::uint32_t step, const std::string& what, const std::string& more = "") {
        const std::string text = "{\"rank\":" + std::to_string(rank_) + ",\"step\":" + std::to_string(step) + ",\"event\":\"" + what + "\"" + more + "}";
        if (told_.count(text) == 0) tell(journal_.append(text), "event");
    }
    bool flush() { return tell(journal_.flush(), "journal"); }
    void close() { journal_.close(); }

private:
    plattli::Journal journal_;
    int rank_;
    std::set<std::string> told_;
};

// -- probes ---------------------------------------------------------------------------------------------------------------

static plattli::StreamOptions under_quota() {
    plattli::StreamOptions options;
    options.store_bytes = QUOTA;  // beyond it the oldest rows go
    return options;
}

class Probes {
public:
    explicit Probes(const std::string& dir) : stream_(dir, under_quota()) {
        for (int p = 0; p < static_cast<int>(PROBES); ++p) {
            const int x = N / 8 + N / 4 * (p / 4), y = N / 8 + N / 4 * (p % 4);
            char name[40];
            std::snprintf(name, sizeof name, "cell-%03d-%03d", x, y);
            Probe& probe = probes_[static_cast<std::size_t>(p)];
            probe.name = name;
            probe.cell = static_cast<std::size_t>(y * N + x);
            probe.last_step = last_step(name);
        }
    }

    // What the probes see before a step.
    void before(const State& s) {
        for (Probe& probe : probes_) probe.before = s.u[probe.cell];
    }
    // What they see after it. It was `dt` long.
    void after(const State& s, double dt, Events& events) {
        for (Probe& probe : probes_) {
            const double temperature = s.u[probe.cell];
            probe.time.push_back(std::llround(1e6 * s.time));  // a stream counts milliseconds; here each is a microsecond of the plate
            probe.step.push_back(s.step - 1);
            probe.temperature.push_back(temperature);
            probe.rate.push_back((temperature - probe.before) / dt);
            if (probe.time.size() == BLOCK) append(probe, s.step, events);
            if (probe.before < WARM && temperature >= WARM) events.add(s.step, "warm", ",\"cell\":\"" + probe.name + "\"");
        }
    }
    // The rows that wait, at the end.
    void append_rest(std::uint32_t step, Events& events) {
        for (Probe& probe : probes_) append(probe, step, events);
    }
    bool checkpoint() { return tell(stream_.checkpoint(), "stream"); }
    void close() { stream_.close(); }

    // Reads all rows of all probes, page by page, and says how many there are and what the highest temperature was.
    void report() const {
        plattli::Query query;
        query.topic = "probe";
        query.pick = {"temperature"};
        std::size_t rows = 0;
        double hottest = -HUGE_VAL;
        auto page = stream_.query(query);
        for (;;) {
            while (const auto batch = page.rows.next()) {
                const auto column = batch->column("temperature");
                for (const double temperature : column.values<double>()) hottest = std::fmax(hottest, temperature);
                rows += batch->size();
            }
            if (!page.cursor.more()) break;
            page = stream_.query(query, page.cursor);
        }
        std::printf("probes: %zu rows of %zu cells, hottest %.6f\n", rows, PROBES, hottest);
    }

private:
    // A cell that is watched, and its rows that are not yet appended.
    struct Probe {
        std::string name;
        std::size_t cell = 0;
        double last_step = -1;  // the last step that the stream has of it, -1 if none
        double before = 0;
        std::vector<std::int64_t> time;
        std::vector<double> step, temperature, rate;
    };

    // The last step that the stream has of a probe.
    double last_step(const std::string& cell) const {
        plattli::Query query;
        query.topic = "probe";
        query.partitions = {cell};
        query.pick = {"step"};
        query.order = plattli::Order::descending;
        query.max_rows = 1;
        if (stream_.partitions("probe").empty()) return -1;
        const auto steps = stream_.query(query).rows.read().column<double>("step");
        return steps.empty() ? -1 : steps[0];
    }
    // Appends the rows of a probe that wait, but for those that the stream has from before a kill.
    void append(Probe& probe, std::uint32_t step, Events& events) {
        const auto first = static_cast<std::size_t>(
            std::upper_bound(probe.step.begin(), probe.step.end(), probe.last_step) - probe.step.begin());
        const std::size_t rows = probe.step.size() - first;
        const auto rest = [&](const auto& values) { return plattli::View(values.data() + first, rows); };
        if (rows > 0) {
            const plattli::Status status = stream_.append(
                "probe", probe.name, rest(probe.time),
                {{"step", rest(probe.step)}, {"temperature", rest(probe.temperature)}, {"rate", rest(probe.rate)}});
            if (status == plattli::Code::overloaded) events.add(step, "shed");  // the disk cannot follow; the job goes on
            else tell(status, probe.name.c_str());
        }
        probe.time.clear();
        for (auto* column : {&probe.step, &probe.temperature, &probe.rate}) column->clear();
    }

    plattli::Stream stream_;
    std::array<Probe, PROBES> probes_;
};

// -- restarts -------------------------------------------------------------------------------------------------------------

// The numbers of a state in a file, in either direction.
template <class Transfer>
static bool transfer_all(State& s, Transfer transfer) {
    return transfer(&s.step, sizeof s.step) && transfer(&s.time, sizeof s.time) && transfer(&s.dt, sizeof s.dt) &&
           transfer(&s.wall, sizeof s.wall) && transfer(s.u.data(), CELLS * sizeof(double));
}

// Writes the field to a file of its own, whole and on the disk before anything says that it is there.
static bool save(State& s, const std::string& path) {
    std::FILE* const f = std::fopen(path.c_str(), "wb");
    if (f == nullptr) return false;
    bool good = transfer_all(s, [f](const void* data, std::size_t size) { return std::fwrite(data, size, 1, f) == 1; });
    good = std::fflush(f) == 0 && fsync(fileno(f)) == 0 && good;
    return std::fclose(f) == 0 && good;
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

static plattli::WriterOptions continued_at(std::uint32_t step) {
    char config[256];
    std::snprintf(config, sizeof config,
                  "{\"case\": \"insulated plate\", \"cells\": [%d, %d], \"diffusivity\": %g, \"tolerance\": %g}", N, N,
                  DIFFUSIVITY, TOLERANCE);
    plattli::WriterOptions options;
    options.step = step;  // whatever was recorded at or beyond it will be computed again
    options.reopen_finished = true;
    options.config = config;
    return options;
}

// -- the job --------------------------------------------------------------------------------------------------------------

static plattli::StateOptions for_people() {
    plattli::StateOptions options;
    options.snapshot = true;  // probes.json
    return options;
}

class Job {
public:
    Job(const std::string& run_dir, int rank)
        : dir_(run_dir + "/rank-" + std::to_string(rank)),
          events_(run_dir + "/journal", rank),
          kept_(dir_ + "/state", "probes", for_people()),
          s_(begin(rank)),
          probes_(dir_ + "/stream"),
          run_(dir_, continued_at(s_.step)) {}

    void run(std::uint32_t steps) {
        const double began = seconds() - s_.wall;
        while (s_.step < steps) compute(began);
        probes_.append_rest(s_.step, events_);
        probes_.report();
        run_.finish();
        run_.close();
        probes_.close();
        events_.add(s_.step, "done");
        events_.close();
        kept_.set("phase", "done");
        kept_.close();
        std::printf("probes: %u steps, finished\n", static_cast<unsigned>(s_.step));
    }

private:
    // Continues where the state says, or begins.
    State begin(int rank) {
        State s = initial(rank);
        if (const auto file = kept_.find<std::string>("checkpoint")) {
            if (!load(s, dir_ + "/" + *file)) throw std::runtime_error("cannot load " + dir_ + "/" + *file);
            std::printf("probes: continues at step %u\n", static_cast<unsigned>(s.step));
        }
        const int starts = kept_.get_or("starts", 0) + 1;
        kept_.set("starts", starts);
        kept_.set("phase", "heating");
        events_.add(s.step, "start", ",\"number\":" + std::to_string(starts));
        return s;
    }

    // One step: the solver, what it has to tell, and now and then a checkpoint.
    void compute(double began) {
        const double dt = s_.dt;
        probes_.before(s_);
        const StepReport report = advance(s_);
        const bool full = s_.step % CHECKPOINT_EVERY == 0;
        s_.wall = seconds() - began;
        probes_.after(s_, dt, events_);
        tell(record(run_, s_, report, full), "metrics");
        if (full) checkpoint(report);
    }

    // Whatever is of the steps so far comes first; the key "checkpoint", set in one write, makes them count; then the field
    // that was needed until now can go.
    void checkpoint(const StepReport& report) {
        const std::string file = "field-" + std::to_string(s_.step) + ".bin";
        events_.add(s_.step, "checkpoint", ",\"file\":\"" + file + "\"");
        if (!probes_.checkpoint() || !events_.flush()) return;
        if (!save(s_, dir_ + "/" + file)) {
            std::fprintf(stderr, "probes: cannot save %s/%s\n", dir_.c_str(), file.c_str());
            return;
        }
        try {
            const auto old = kept_.get_or("checkpoint", file.c_str());
            kept_.set("checkpoint", file);
            if (old != file) std::remove((dir_ + "/" + old).c_str());
            // For people.
            kept_.set("step", s_.step);
            kept_.set("time", s_.time);
            kept_.set("steady", report.residual < 50.0);
        } catch (const plattli::Error& error) {
            std::fprintf(stderr, "probes: checkpoint: %s\n", error.what());
        }
    }

    std::string dir_;
    Events events_;
    plattli::State kept_;
    State s_;
    Probes probes_;
    plattli::Writer run_;
};

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: probes RUNDIR [steps]\n");
        return 2;
    }
    try {
        Job(argv[1], rank_of_process()).run(argc > 2 ? static_cast<std::uint32_t>(std::strtoul(argv[2], nullptr, 10)) : 2000);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "probes: %s\n", error.what());
        return 1;
    }
}
