// plattli::mpi::Writer on four ranks: mpirun -n 4 test_mpi_cpp FOLDER.
#include <cstdio>
#include <plattli_mpi.hpp>

static int failures = 0, rank = 0;
#define CHECK(condition) \
    ((condition) ? (void)0 : (void)(++failures, std::fprintf(stderr, "test_mpi.cpp:%d: rank %d: %s\n", __LINE__, rank, #condition)))

using plattli::mpi::Op;
using plattli::mpi::Writer;

template <class T, class = void> struct Writes : std::false_type {};
template <class T> struct Writes<T, std::void_t<decltype(std::declval<Writer &>().write("x", std::declval<T>()))>> : std::true_type {};
static_assert(Writes<double>::value && Writes<float>::value && Writes<int>::value && Writes<bool>::value && Writes<const char *>::value);
static_assert(!Writes<long double>::value && !Writes<int *>::value && !Writes<void *>::value, "nothing converts silently");
static_assert(!std::is_copy_constructible_v<Writer> && std::is_nothrow_move_constructible_v<Writer>);
static_assert(noexcept(std::declval<Writer &>().write("x", 1.0, Op::sum)) && noexcept(std::declval<Writer &>().end_step()));

static void a_run_of_all_ranks(const std::string &dir) {
    Writer run(MPI_COMM_WORLD, dir);
    for (int i = 0; i < 10; ++i) {
        CHECK(run.step() == static_cast<std::uint32_t>(i));
        run.write("mean", 1.0 * rank, Op::mean);
        run.write(std::string("sum"), 0.5f, Op::sum);
        run.write("count", i);
        run.write("big", std::int64_t{1} << 40);
        run.write("flag", true);
        run.write("note", "text");
        run.write_json("json", "[1]");
        CHECK(run.end_step() == PLATTLI_OK);
    }
    CHECK(run.write("mean", 1.0, Op::sum) == PLATTLI_ERR_ARGUMENT);
    try {
        run.check(run.end_step());
        CHECK(!"an error was thrown");
    } catch (const plattli::mpi::Error &error) {
        CHECK(error.code() == plattli::Code::argument && std::string(error.what()).find("mean") != std::string::npos);
    }
    run.set_step(20);
    run.flush();
    run.sync();
    run.set_config("{}");
    CHECK(!run.stop() && run.seconds_left() > 1e9 && run.restarts() == 0 && (run.root() != nullptr) == (rank == 0));
    Writer moved(std::move(run));
    CHECK(!run && moved);
    moved.finish();
    moved.close();
    try {
        Writer again(MPI_COMM_WORLD, dir);
        CHECK(!"an error was thrown");
    } catch (const plattli::mpi::Error &error) {
        CHECK(error.code() == plattli::Code::exists);
    }
    if (rank != 0) return;
    plattli_reader *reader = nullptr;
    double mean[10], sum[10];
    std::size_t n = 0, m = 0;
    CHECK(plattli_reader_open(dir.c_str(), nullptr, &reader) == PLATTLI_OK);
    CHECK(plattli_read_f64(reader, "mean", nullptr, nullptr, mean, 10, &n) == PLATTLI_OK && n == 10 && mean[9] == 1.5);
    CHECK(plattli_read_f64(reader, "sum", nullptr, nullptr, sum, 10, &m) == PLATTLI_OK && m == 10 && sum[0] == 2.0);
    plattli_reader_close(reader);
}

static void a_run_per_rank(const std::string &dir) {
    {
        Writer run(plattli::mpi::per_rank, MPI_COMM_WORLD, dir);
        run.write("x", 1.0 * rank);
        CHECK(run.end_step() == PLATTLI_OK);
    } // closes, alone
    MPI_Barrier(MPI_COMM_WORLD);
    plattli::mpi::Reader reader(dir);
    auto rows = reader.read("x");
    CHECK(reader.ranks() == 4 && rows.steps.size() == 1 && rows.values == (std::vector<double>{0, 1, 2, 3}));
}

int main(int argc, char **argv) {
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    const std::string folder = argc > 1 ? argv[1] : ".";
    a_run_of_all_ranks(folder + "/cpp");
    a_run_per_rank(folder + "/cpp-each");
    MPI_Finalize();
    return failures > 0;
}
