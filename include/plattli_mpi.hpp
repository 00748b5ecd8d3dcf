// plattli in C++ programs that use MPI: plattli::mpi::Writer over plattli_mpi.h, which says what each call does.
//
//   plattli::mpi::Writer run(MPI_COMM_WORLD, "heat");             // every rank, throws plattli::mpi::Error
//   for (auto step = run.step(); step < n && !run.stop(); ++step) {
//       run.write("energy", e, plattli::mpi::Op::mean);           // noexcept, status may be ignored
//       run.end_step();                                           // noexcept; one reduction
//   }
//   run.finish();  run.close();
//
// C++17. Opening, set_step, end_step and close are collective. The destructor is not: it lets go of the run on its rank alone,
// quietly, and never finishes it.
//
// SPDX-License-Identifier: MIT OR Apache-2.0
#ifndef PLATTLI_MPI_HPP
#define PLATTLI_MPI_HPP

#include <cstdint>
#include <plattli_mpi.h>
#include <stdexcept>
#include <plattli.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace plattli::mpi {

/// What becomes of the values that the ranks write in one step.
enum class Op : int {
    root = PLATTLI_MPI_ROOT, ///< the value of rank 0; the others are ignored
    min = PLATTLI_MPI_MIN,
    max = PLATTLI_MPI_MAX,
    mean = PLATTLI_MPI_MEAN, ///< over the ranks that wrote the metric in this step
    sum = PLATTLI_MPI_SUM,
};

/// A failure, the same as without MPI.
using Error = plattli::Error;

/// Opens runs under RUN/rank-00042, one per rank, instead of one for all.
struct PerRank {};
inline constexpr PerRank per_rank{};

/// A run that all ranks of a communicator write. Move-only; used by one thread at a time.
class Writer {
public:
    /// Collective. Rank 0 opens `dir` with `options`, which are ignored elsewhere and may be null. Throws the same on every rank.
    Writer(MPI_Comm comm, const std::string &dir, const plattli_writer_options *options = nullptr) {
        check(plattli_mpi_open(comm, dir.c_str(), options, &run_));
    }
    /// Collective. One run per rank; all continue from the earliest step that any of them reached.
    Writer(PerRank, MPI_Comm comm, const std::string &dir, plattli_writer_options *options = nullptr) {
        check(plattli_mpi_open_per_rank(comm, dir.c_str(), options, &run_));
    }
    Writer(Writer &&other) noexcept : run_(std::exchange(other.run_, nullptr)) {}
    Writer &operator=(Writer &&other) noexcept {
        if (this != &other) {
            plattli_mpi_abandon(run_);
            run_ = std::exchange(other.run_, nullptr);
        }
        return *this;
    }
    Writer(const Writer &) = delete;
    Writer &operator=(const Writer &) = delete;
    ~Writer() { plattli_mpi_abandon(run_); }

    /// The value of a metric on this rank; with an operation one value of all ranks is recorded when the step ends.
    template <class Float, std::enable_if_t<std::is_same_v<Float, double> || std::is_same_v<Float, float>, int> = 0>
    std::int32_t write(const char *name, Float value, Op op = Op::root) noexcept {
        return plattli_mpi_write_f64(run_, name, static_cast<double>(value), static_cast<int>(op));
    }
    /// The value of rank 0. (Reductions are of floating point: convert, so that it shows.)
    template <class Int, std::enable_if_t<std::is_integral_v<Int> && (sizeof(Int) < 8 || std::is_signed_v<Int>), int> = 0>
    std::int32_t write(const char *name, Int value) noexcept {
        if constexpr (std::is_same_v<Int, bool>) return plattli_mpi_write_bool(run_, name, value);
        else if constexpr (sizeof(Int) < 4 || (sizeof(Int) == 4 && std::is_signed_v<Int>)) return plattli_mpi_write_i32(run_, name, value);
        else return plattli_mpi_write_i64(run_, name, static_cast<std::int64_t>(value));
    }
    std::int32_t write(const char *name, std::string_view text) noexcept { return plattli_mpi_write_str(run_, name, text.data(), text.size()); }
    std::int32_t write(const char *name, const char *text) noexcept { return write(name, std::string_view(text)); }
    std::int32_t write_json(const char *name, std::string_view json) noexcept {
        return plattli_mpi_write_json(run_, name, json.data(), json.size());
    }
    template <class Name, class... Rest, std::enable_if_t<std::is_same_v<Name, std::string>, int> = 0>
    std::int32_t write(const Name &name, Rest... rest) noexcept {
        return write(name.c_str(), rest...);
    }
    std::int32_t write(const char *, long double, Op = Op::root) = delete;
    template <class T> std::int32_t write(const char *, const T *) = delete;

    /// Collective; returns what plattli_mpi_end_step does.
    std::int32_t end_step() noexcept { return plattli_mpi_end_step(run_); }

    /// The current step, the same on every rank.
    std::uint32_t step() const {
        std::uint32_t step = 0;
        check(plattli_mpi_step(run_, &step));
        return step;
    }
    /// Collective.
    void set_step(std::uint32_t step) { check(plattli_mpi_set_step(run_, step)); }
    void flush() { check(plattli_mpi_flush(run_)); }
    void sync() { check(plattli_mpi_sync(run_)); }
    void set_config(std::string_view json) { check(plattli_mpi_set_config(run_, json.data(), json.size())); }
    void finish(const plattli_finish_options *options = nullptr) { check(plattli_mpi_finish(run_, options)); }

    /// Collective. Releases the run, whatever it throws.
    void close() {
        std::int32_t status = plattli_mpi_close(std::exchange(run_, nullptr));
        if (status != PLATTLI_OK) throw Error(static_cast<Code>(status), plattli_last_error());
    }

    /// Whether any rank had been signalled when the last step ended; the same on every rank.
    bool stop() const noexcept { return plattli_mpi_stop(run_); }
    /// The least of the seconds left to any rank; the same on every rank.
    double seconds_left() const noexcept { return plattli_mpi_seconds_left(run_); }
    /// How often the run had been opened again before.
    std::uint32_t restarts() const noexcept { return plattli_mpi_restarts(run_); }
    /// The writer behind it, on the rank that writes; null elsewhere.
    plattli_writer *root() const noexcept { return plattli_mpi_root(run_); }
    explicit operator bool() const noexcept { return run_ != nullptr; }

    /// Throws what a status says.
    void check(std::int32_t status) const {
        if (status != PLATTLI_OK) throw Error(static_cast<Code>(status), plattli_mpi_last_error(run_));
    }

private:
    plattli_mpi_writer *run_ = nullptr;
};

/// The runs of all ranks, side by side. Needs no MPI.
class Reader {
public:
    explicit Reader(const std::string &dir, const plattli_reader_options *options = nullptr) {
        check(plattli_mpi_reader_open(dir.c_str(), options, &reader_));
    }
    Reader(Reader &&other) noexcept : reader_(std::exchange(other.reader_, nullptr)) {}
    Reader(const Reader &) = delete;
    Reader &operator=(const Reader &) = delete;
    ~Reader() { plattli_mpi_reader_close(reader_); }

    std::size_t ranks() const noexcept { return reader_->ranks; }

    struct Rows {
        std::vector<std::uint32_t> steps; ///< at which every rank has a value
        std::vector<double> values;       ///< `values[row * ranks + rank]`
    };
    Rows read(const std::string &name) const {
        Rows rows;
        std::size_t n = 0;
        std::int32_t status = plattli_mpi_read_f64(reader_, name.c_str(), nullptr, nullptr, nullptr, 0, &n);
        while (status == PLATTLI_ERR_BUFFER) {
            rows.steps.resize(n);
            rows.values.resize(n * ranks());
            status = plattli_mpi_read_f64(reader_, name.c_str(), nullptr, rows.steps.data(), rows.values.data(), n, &n);
        }
        check(status);
        return rows;
    }

private:
    static void check(std::int32_t status) {
        if (status != PLATTLI_OK) throw Error(static_cast<Code>(status), plattli_last_error());
    }
    plattli_mpi_reader *reader_ = nullptr;
};

} // namespace plattli::mpi

#endif
