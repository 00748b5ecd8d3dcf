/* What plattli_mpi.h promises, on four ranks: mpirun -n 4 test_mpi MODE FOLDER …. scripts/test-mpi.sh runs the modes. */
#define _POSIX_C_SOURCE 200809L
#include <plattli_mpi.h>
#include <unistd.h>

static int rank, size, failures;
static const char *folder;

static void failed(int line, const char *what) {
    fprintf(stderr, "test_mpi.c:%d: rank %d: %s\n", line, rank, what);
    ++failures;
}
#define CHECK(condition) ((condition) ? (void)0 : failed(__LINE__, #condition))
#define EXPECT(wanted, call)                                                                                             \
    do {                                                                                                                 \
        int32_t found_ = (call);                                                                                         \
        if (found_ != (wanted)) failed(__LINE__, #call), fprintf(stderr, "  status %d: %s\n", (int)found_, plattli_last_error()); \
    } while (0)
#define OK(call) EXPECT(PLATTLI_OK, call)

/* The same number on all ranks. */
static bool agreed(int64_t number) {
    int64_t least = 0, most = 0;
    MPI_Allreduce(&number, &least, 1, MPI_INT64_T, MPI_MIN, MPI_COMM_WORLD);
    MPI_Allreduce(&number, &most, 1, MPI_INT64_T, MPI_MAX, MPI_COMM_WORLD);
    return least == most;
}

static const char *path(const char *name) {
    static char buffers[8][1024];
    static unsigned turn;
    char *buffer = buffers[turn++ % 8];
    snprintf(buffer, sizeof buffers[0], "%s/%s", folder, name);
    return buffer;
}

static size_t rows_of(const char *run, const char *name, uint32_t *steps, double *values, size_t cap) {
    plattli_reader *reader = NULL;
    size_t n = 0;
    OK(plattli_reader_open(path(run), NULL, &reader));
    OK(plattli_read_f64(reader, name, NULL, steps, values, cap, &n));
    plattli_reader_close(reader);
    return n;
}

/* Whether the configuration of a run mentions something. */
static bool configured(const char *run, const char *part) {
    char *config = plattli_mpi_read_config(path(run));
    bool found = config != NULL && strstr(config, part) != NULL;
    if (!found) fprintf(stderr, "  config: %s\n", config == NULL ? "none" : config);
    free(config);
    return found;
}

static void reduced_metrics_equal_those_computed_by_hand(void) {
    enum { STEPS = 60 };
    plattli_mpi_writer *run = NULL;
    OK(plattli_mpi_open(MPI_COMM_WORLD, path("reduced"), NULL, &run));
    for (int step = 0; step < STEPS; ++step) {
        uint32_t at = 99;
        OK(plattli_mpi_step(run, &at));
        CHECK(at == (uint32_t)step);
        double v = 0.1 * (rank + 1) + step;
        /* Every rank in an order of its own. */
        for (int k = 0; k < 4; ++k) switch ((k + rank) % 4) {
                case 0: OK(plattli_mpi_write_f64(run, "min", v, PLATTLI_MPI_MIN)); break;
                case 1: OK(plattli_mpi_write_f64(run, "max", -v, PLATTLI_MPI_MAX)); break;
                case 2: OK(plattli_mpi_write_f64(run, "mean", v, PLATTLI_MPI_MEAN)); break;
                case 3: OK(plattli_mpi_write_f64(run, "sum", v, PLATTLI_MPI_SUM)); break;
            }
        OK(plattli_mpi_write_f64(run, "root", 100 + rank, PLATTLI_MPI_ROOT));
        OK(plattli_mpi_write_i64(run, "i64", rank));
        OK(plattli_mpi_write_i32(run, "i32", rank));
        OK(plattli_mpi_write_bool(run, "bool", rank == 0));
        OK(plattli_mpi_write_str(run, "str", "text", 4));
        OK(plattli_mpi_write_json(run, "json", "[1]", 3));
        if (step % 10 == 3 && rank == 2) OK(plattli_mpi_write_f64(run, "sparse", step, PLATTLI_MPI_MEAN));
        if (step >= 20 && rank % 2 == 1) OK(plattli_mpi_write_f64(run, "late", rank, PLATTLI_MPI_SUM));
        if (step >= 20) OK(plattli_mpi_write_f64(run, rank == 3 ? "late/three" : "late/others", 1, PLATTLI_MPI_SUM));
        OK(plattli_mpi_write_f64(run, "nan", rank == 1 && step == 7 ? NAN : rank, PLATTLI_MPI_MAX));
        if (step == 5) OK(plattli_mpi_flush(run));
        if (step == 6) OK(plattli_mpi_sync(run));
        OK(plattli_mpi_end_step(run));
    }
    CHECK((plattli_mpi_root(run) != NULL) == (rank == 0));
    OK(plattli_mpi_finish(run, NULL));
    OK(plattli_mpi_close(run));
    OK(plattli_mpi_close(NULL));
    OK(plattli_mpi_abandon(NULL));
    OK(plattli_mpi_open(MPI_COMM_WORLD, path("abandoned"), NULL, &run));
    if (rank % 2) OK(plattli_mpi_abandon(run)); /* nobody waits for anybody */
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank % 2 == 0) OK(plattli_mpi_abandon(run));
    if (rank != 0) return;
    double values[STEPS];
    uint32_t steps[STEPS];
    CHECK(rows_of("reduced", "min", steps, values, STEPS) == STEPS);
    for (int i = 0; i < STEPS; ++i) CHECK(values[i] == 0.1 + i && steps[i] == (uint32_t)i);
    CHECK(rows_of("reduced", "max", steps, values, STEPS) == STEPS);
    for (int i = 0; i < STEPS; ++i) CHECK(values[i] == -(0.1 + i));
    CHECK(rows_of("reduced", "mean", steps, values, STEPS) == STEPS);
    for (int i = 0; i < STEPS; ++i) CHECK(fabs(values[i] - (0.05 * (size + 1) + i)) < 1e-12 * (i + 1));
    CHECK(rows_of("reduced", "sum", steps, values, STEPS) == STEPS);
    for (int i = 0; i < STEPS; ++i) CHECK(fabs(values[i] - size * (0.05 * (size + 1) + i)) < 1e-11 * (i + 1));
    CHECK(rows_of("reduced", "root", steps, values, STEPS) == STEPS && values[STEPS - 1] == 100);
    CHECK(rows_of("reduced", "i64", steps, values, STEPS) == STEPS && values[0] == 0);
    CHECK(rows_of("reduced", "sparse", steps, values, STEPS) == 6);
    for (int i = 0; i < 6; ++i) CHECK(values[i] == 10 * i + 3 && steps[i] == (uint32_t)(10 * i + 3));
    CHECK(rows_of("reduced", "late", steps, values, STEPS) == 40 && steps[0] == 20 && values[0] == 1 + 3);
    CHECK(rows_of("reduced", "late/three", steps, values, STEPS) == 40 && values[0] == 1);
    CHECK(rows_of("reduced", "late/others", steps, values, STEPS) == 40 && values[39] == size - 1);
    CHECK(rows_of("reduced", "nan", steps, values, STEPS) == STEPS);
    for (int i = 0; i < STEPS; ++i) CHECK(i == 7 ? isnan(values[i]) : values[i] == size - 1);
}

static void errors_are_the_same_everywhere_or_those_of_the_rank(void) {
    plattli_mpi_writer *run = NULL;
    uint32_t step = 0;
    EXPECT(PLATTLI_ERR_EXISTS, plattli_mpi_open(MPI_COMM_WORLD, path("reduced"), NULL, &run));
    CHECK(run == NULL && strstr(plattli_mpi_last_error(NULL), "reduced") != NULL);
    EXPECT(PLATTLI_ERR_ARGUMENT, plattli_mpi_open(MPI_COMM_WORLD, NULL, NULL, &run));
    EXPECT(PLATTLI_ERR_ARGUMENT, plattli_mpi_open(MPI_COMM_WORLD, path("errors"), NULL, NULL));
    EXPECT(PLATTLI_ERR_ARGUMENT, plattli_mpi_write_f64(NULL, "x", 1, PLATTLI_MPI_SUM));
    EXPECT(PLATTLI_ERR_ARGUMENT, plattli_mpi_end_step(NULL));
    OK(plattli_mpi_open(MPI_COMM_WORLD, path("errors"), NULL, &run));
    EXPECT(PLATTLI_ERR_ARGUMENT, plattli_mpi_write_f64(run, "x", 1, 77));
    CHECK(strstr(plattli_mpi_last_error(run), "x") != NULL);
    OK(plattli_mpi_write_i64(run, "fine", 1));
    EXPECT(PLATTLI_ERR_ARGUMENT, plattli_mpi_end_step(run));
    CHECK(strstr(plattli_mpi_last_error(run), "no such operation") != NULL);
    OK(plattli_mpi_write_f64(run, "x", 1, PLATTLI_MPI_SUM));
    EXPECT(PLATTLI_ERR_STATE, plattli_mpi_write_f64(run, "x", 1, PLATTLI_MPI_SUM));
    EXPECT(PLATTLI_ERR_ARGUMENT, plattli_mpi_write_f64(run, "x", 1, PLATTLI_MPI_MIN));
    EXPECT(PLATTLI_ERR_STATE, plattli_mpi_set_step(run, 100));
    EXPECT(PLATTLI_ERR_STATE, plattli_mpi_end_step(run));
    OK(plattli_mpi_step(run, &step));
    CHECK(step == 2);
    EXPECT(PLATTLI_ERR_STATE, plattli_mpi_set_step(run, 1));
    OK(plattli_mpi_set_step(run, 10));
    /* An operation of its own on one rank. */
    OK(plattli_mpi_write_f64(run, "y", rank, rank == 3 ? PLATTLI_MPI_MIN : PLATTLI_MPI_SUM));
    EXPECT(rank == 3 ? PLATTLI_ERR_ARGUMENT : PLATTLI_OK, plattli_mpi_end_step(run));
    /* A name that cannot be stored is known to the rank that stores. */
    OK(plattli_mpi_write_f64(run, "../y", rank, PLATTLI_MPI_SUM));
    OK(plattli_mpi_write_f64(run, "x", rank, PLATTLI_MPI_SUM));
    EXPECT(rank == 0 ? PLATTLI_ERR_ARGUMENT : PLATTLI_OK, plattli_mpi_end_step(run));
    OK(plattli_mpi_set_config(run, "{\"a\": 1}", 8));
    OK(plattli_mpi_close(run));
    if (rank != 0) return;
    double values[4];
    uint32_t steps[4];
    CHECK(rows_of("errors", "x", steps, values, 4) == 2 && values[0] == size && values[1] == 6 && steps[1] == 11);
    CHECK(rows_of("errors", "y", steps, values, 4) == 1 && values[0] == 0 + 1 + 2 && steps[0] == 10);
}

/* Steps from wherever the run is to `until`, with a value per step that tells what it must be. A rank may die on the way. */
static void write_until(uint32_t until, int64_t kill_at, int victim) {
    plattli_mpi_writer *run = NULL;
    uint32_t step = 0;
    plattli_writer_options *options = plattli_writer_options_new();
    const char config[] = "{\"nested\": {\"restarts\": 77}, \"text\": \"restarts\\\": 5\"}";
    OK(plattli_writer_options_set_config_json(options, config, sizeof config - 1));
    OK(plattli_writer_options_set_hotsize(options, 50));
    OK(plattli_mpi_open(MPI_COMM_WORLD, path("killed"), rank == 0 ? options : NULL, &run));
    plattli_writer_options_free(options);
    OK(plattli_mpi_step(run, &step));
    CHECK(agreed(step));
    CHECK(agreed(plattli_mpi_restarts(run)));
    if (rank == 0) printf("step %u restarts %u\n", (unsigned)step, (unsigned)plattli_mpi_restarts(run));
    for (; step < until; ++step) {
        OK(plattli_mpi_write_f64(run, "x", (double)step * (rank + 1), PLATTLI_MPI_SUM));
        if (step == kill_at) MPI_Barrier(MPI_COMM_WORLD); /* rank 0 has written the step before, and mpirun kills it with the victim */
        if (step == kill_at && rank == victim) raise(SIGKILL);
        OK(plattli_mpi_end_step(run));
    }
    OK(plattli_mpi_close(run));
}

/* What a killed run has: every step up to some. Prints how many. */
static void verify_prefix(void) {
    static double values[100000];
    static uint32_t steps[100000];
    size_t n = rows_of("killed", "x", steps, values, 100000);
    for (size_t i = 0; i < n; ++i) CHECK(steps[i] == i && values[i] == 10.0 * (double)i);
    printf("rows %zu\n", n);
}

static void one_run_per_rank_resumes_at_a_common_step(void) {
    plattli_mpi_writer *run = NULL;
    uint32_t step = 0;
    OK(plattli_mpi_open_per_rank(MPI_COMM_WORLD, path("each"), NULL, &run));
    for (uint32_t i = 0; i < 20 + 5 * (uint32_t)rank; ++i) {
        OK(plattli_mpi_write_f64(run, "x", 1000 * rank + (int)i, PLATTLI_MPI_SUM));
        if (rank != 1 || i % 2 == 0) OK(plattli_mpi_write_i64(run, "n", i));
        OK(plattli_mpi_end_step(run));
    }
    OK(plattli_mpi_close(run));
    OK(plattli_mpi_open_per_rank(MPI_COMM_WORLD, path("each"), NULL, &run));
    OK(plattli_mpi_step(run, &step));
    CHECK(agreed(step) && step == 20);
    CHECK(plattli_mpi_restarts(run) == 1);
    OK(plattli_mpi_write_f64(run, "x", -1, PLATTLI_MPI_SUM));
    OK(plattli_mpi_end_step(run));
    if (rank % 2) OK(plattli_mpi_finish(run, NULL));
    OK(plattli_mpi_close(run));
    MPI_Barrier(MPI_COMM_WORLD);
    plattli_mpi_reader *reader = NULL;
    double values[4 * 30];
    uint32_t steps[30];
    size_t rows = 0;
    OK(plattli_mpi_reader_open(path("each"), NULL, &reader));
    CHECK(reader->ranks == (size_t)size);
    EXPECT(PLATTLI_ERR_BUFFER, plattli_mpi_read_f64(reader, "x", NULL, NULL, NULL, 0, &rows));
    CHECK(rows == 21);
    OK(plattli_mpi_read_f64(reader, "x", NULL, steps, values, 30, &rows));
    for (size_t i = 0; i < rows; ++i)
        for (int r = 0; r < size; ++r) CHECK(steps[i] == i && values[i * (size_t)size + (size_t)r] == (i < 20 ? 1000 * r + (int)i : -1));
    OK(plattli_mpi_read_f64(reader, "n", NULL, steps, values, 30, &rows));
    CHECK(rows == 10 && steps[9] == 18 && values[4 * 9 + 3] == 18);
    EXPECT(PLATTLI_ERR_NOT_FOUND, plattli_mpi_read_f64(reader, "absent", NULL, steps, values, 30, &rows));
    plattli_mpi_reader_close(reader);
    plattli_mpi_reader_close(NULL);
    EXPECT(PLATTLI_ERR_NOT_FOUND, plattli_mpi_reader_open(path("nothing"), NULL, &reader));
    /* One rank cannot open: all say so. */
    char dir[1100];
    CHECK(plattli_mpi_rank_dir(dir, sizeof dir, path("half"), 2));
    if (rank == 0) {
        FILE *f = fopen(path("half"), "wb");
        fclose(f);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    run = NULL;
    CHECK(plattli_mpi_open_per_rank(MPI_COMM_WORLD, path("half"), NULL, &run) != PLATTLI_OK && run == NULL);
    EXPECT(PLATTLI_ERR_EXISTS, plattli_mpi_open_per_rank(MPI_COMM_WORLD, path("each"), NULL, &run) == PLATTLI_OK ? 0 : PLATTLI_ERR_EXISTS);
}

static void all_ranks_stop_at_the_same_step(void) {
    plattli_mpi_writer *run = NULL;
    int64_t step = 0;
    char at[32];
    snprintf(at, sizeof at, "%.0f", (double)time(NULL) + 1000 + 100 * rank);
    setenv("PLATTLI_END_TIME", at, 1);
    signal(SIGUSR1, plattli_mpi_on_signal);
    OK(plattli_mpi_open(MPI_COMM_WORLD, path("stopped"), NULL, &run));
    CHECK(plattli_mpi_seconds_left(run) > 900 && plattli_mpi_seconds_left(run) <= 1000);
    for (; step < 10000 && !plattli_mpi_stop(run); ++step) {
        if (step == 321 && rank == 3) kill(getpid(), SIGUSR1);
        OK(plattli_mpi_end_step(run));
    }
    CHECK(agreed(step) && step == 322);
    CHECK(plattli_mpi_seconds_left(run) > 900 && plattli_mpi_seconds_left(run) <= 1000);
    CHECK(agreed((int64_t)plattli_mpi_seconds_left(run)));
    OK(plattli_mpi_close(run));
    setenv("PLATTLI_END_TIME", "soon", 1);
    unsetenv("SLURM_JOB_END_TIME");
    CHECK(isinf(plattli_mpi_wall_seconds_left()));
    setenv("SLURM_JOB_END_TIME", "5", 1);
    CHECK(plattli_mpi_wall_seconds_left() < 0);
}

/* Without MPI_Init the launcher's environment says who writes. */
static void the_environment_knows_the_rank(int expected_rank, int expected_size) {
    plattli_mpi_writer *run = NULL;
    uint32_t step = 9;
    plattli_mpi_rank(&rank, &size);
    plattli_mpi_rank(&rank, NULL);
    if (expected_size > 0) CHECK(rank == expected_rank && size == expected_size);
    OK(plattli_mpi_open(MPI_COMM_NULL, path("environment"), NULL, &run));
    CHECK((plattli_mpi_root(run) != NULL) == (rank == 0));
    OK(plattli_mpi_write_i64(run, "x", 5));
    EXPECT(size == 1 ? PLATTLI_OK : PLATTLI_ERR_STATE, plattli_mpi_write_f64(run, "y", 5, PLATTLI_MPI_SUM));
    EXPECT(size == 1 ? PLATTLI_OK : PLATTLI_ERR_STATE, plattli_mpi_end_step(run));
    OK(plattli_mpi_end_step(run));
    OK(plattli_mpi_step(run, &step));
    CHECK(step == 2 || rank == 0);
    OK(plattli_mpi_close(run));
}

int main(int argc, char **argv) {
    const char *mode = argc > 2 ? argv[1] : "";
    folder = argc > 2 ? argv[2] : ".";
    if (strcmp(mode, "environment") == 0) {
        the_environment_knows_the_rank(argc > 3 ? atoi(argv[3]) : 0, argc > 4 ? atoi(argv[4]) : 0);
        return failures > 0;
    }
    if (strcmp(mode, "verify") == 0) {
        verify_prefix();
        CHECK(configured("killed", argv[3]));
        CHECK(configured("killed", "{\"restarts\": 77}"));
        return failures > 0;
    }
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (strcmp(mode, "all") == 0) {
        reduced_metrics_equal_those_computed_by_hand();
        errors_are_the_same_everywhere_or_those_of_the_rank();
        one_run_per_rank_resumes_at_a_common_step();
        all_ranks_stop_at_the_same_step();
    } else if (strcmp(mode, "write") == 0) {
        write_until((uint32_t)atoi(argv[3]), argc > 4 ? atoi(argv[4]) : -1, argc > 5 ? atoi(argv[5]) : 2);
    } else {
        failed(__LINE__, "no such mode");
    }
    int all = 0;
    MPI_Allreduce(&failures, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    MPI_Finalize();
    return all > 0;
}
