// Writing: the verbs, the types, what is remembered and who closes.
#include "check.hpp"

#include <array>
#include <fstream>
#include <limits>
#include <thread>
#include <type_traits>

using plattli::Code;
using plattli::Reader;
using plattli::Writer;

static_assert(!std::is_copy_constructible_v<Writer> && !std::is_copy_assignable_v<Writer>, "one owner");
static_assert(std::is_nothrow_move_constructible_v<Writer> && std::is_nothrow_move_assignable_v<Writer>);
static_assert(noexcept(std::declval<Writer&>().write("x", 1.0)) && noexcept(std::declval<Writer&>().end_step()));
static_assert(std::is_trivially_copyable_v<plattli::Metric<double>> && std::is_trivially_copyable_v<plattli::Status>);

TEST(a_run_is_written_finished_and_closed) {
    Writer run(path("short"));
    run.write("residual", 0.5);
    run.end_step();
    run.finish();
    run.close();
    CHECK(exists(path("short/metrics.plattli")));
    const auto residual = Reader(path("short")).read<double>("residual");
    CHECK(residual.steps == std::vector<std::uint32_t>{0} && residual.values == std::vector<double>{0.5});
}

TEST(each_type_is_written_as_what_it_is) {
    Writer run(path("types"));
    OK(run.write("float", 0.5f));
    OK(run.write("double", 0.1));
    OK(run.write("schar", static_cast<signed char>(-1)));
    OK(run.write("short", static_cast<short>(-2)));
    OK(run.write("int", -3));
    OK(run.write("long", -4L));
    OK(run.write("long long", -5LL));
    OK(run.write("uchar", static_cast<unsigned char>(1)));
    OK(run.write("ushort", static_cast<unsigned short>(2)));
    OK(run.write("uint", 3U));
    OK(run.write("ulong", 4UL));
    OK(run.write("ulong long", std::numeric_limits<unsigned long long>::max()));
    OK(run.write("bool", true));
    OK(run.write("literal", "a\"b"));
    OK(run.write("string", std::string("with\0NUL", 8)));
    OK(run.write("view", std::string_view("view")));
    OK(run.write("empty", std::string_view()));
    OK(run.write("json", plattli::Json{"[1, {\"a\": null}]"}));
    char buffer[16] = "buffer";
    OK(run.write("buffer", buffer));
    OK(run.end_step());
    Reader reader(path("types"));
    using plattli::DType;
    CHECK(reader.info("float").dtype == DType::f32 && reader.info("double").dtype == DType::f64);
    CHECK(reader.info("schar").dtype == DType::i8 && reader.info("uchar").dtype == DType::u8);
    CHECK(reader.info("short").dtype == DType::i16 && reader.info("ushort").dtype == DType::u16);
    CHECK(reader.info("int").dtype == DType::i32 && reader.info("uint").dtype == DType::u32);
    CHECK(reader.info("long long").dtype == DType::i64 && reader.info("ulong long").dtype == DType::u64);
    CHECK(reader.info("long").dtype == (sizeof(long) == 8 ? DType::i64 : DType::i32));
    CHECK(reader.read<std::uint64_t>("ulong long").values[0] == std::numeric_limits<std::uint64_t>::max());
    const auto json = [&](const char* name) {
        const auto column = reader.column(name);
        return std::string(column.json(0));
    };
    CHECK(json("bool") == "true" && json("literal") == "\"a\\\"b\"" && json("string") == "\"with\\u0000NUL\"");
    CHECK(json("view") == "\"view\"" && json("empty") == "\"\"" && json("buffer") == "\"buffer\"");
    CHECK(json("json") == "[1, {\"a\": null}]");
}

TEST(a_name_may_be_a_pointer_a_string_or_a_view_and_must_not_hold_nul) {
    Writer run(path("names"));
    const std::string longer(200, 'n');
    OK(run.write(std::string("string"), 1));
    OK(run.write(std::string_view("view of more").substr(0, 4), 1));
    OK(run.write(std::string_view(longer), 1));
    REFUSED(Code::argument, "name", run.write(std::string("a\0b", 3), 1));
    REFUSED(Code::argument, "name", run.write(std::string_view("a\0b", 3), 1));
    REFUSED(Code::argument, "name", run.write(static_cast<const char*>(nullptr), 1));
    REFUSED(Code::argument, "empty", run.write(std::string_view(), 1));
    REFUSED(Code::argument, "", run.write("text", static_cast<const char*>(nullptr)));
    REFUSED(Code::argument, "", run.end_step());
    CHECK((Reader(path("names")).metrics() == std::vector<std::string>{longer, "string", "view"}));
    THROWS(Code::argument, "", Writer(std::string("a\0b", 3)));
}

TEST(metrics_are_written_by_number) {
    Writer run(path("numbers"));
    const auto f32 = run.metric<float>("f32");
    const auto f64 = run.metric<double>("f64");
    const auto i8 = run.metric<std::int8_t>("i8");
    const auto i16 = run.metric<std::int16_t>("i16");
    const auto i32 = run.metric<std::int32_t>("i32");
    const auto i64 = run.metric<long long>("i64");
    const auto u8 = run.metric<std::uint8_t>("u8");
    const auto u16 = run.metric<std::uint16_t>("u16");
    const auto u32 = run.metric<std::uint32_t>("u32");
    const auto u64 = run.metric<std::size_t>("u64");
    const auto flag = run.metric<bool>("flag");
    const auto text = run.metric<std::string_view>("text");
    const auto json = run.metric<plattli::Json>("json");
    OK(run.write(f32, 0.5f));
    OK(run.write(f64, 3)); /* every int is a double */
    OK(run.write(i8, std::int8_t{-1}));
    OK(run.write(i16, std::int8_t{-2}));
    OK(run.write(i32, -3));
    OK(run.write(i64, -4));
    OK(run.write(u8, std::uint8_t{1}));
    OK(run.write(u16, std::uint16_t{2}));
    OK(run.write(u32, 3U));
    OK(run.write(u64, 4U));
    OK(run.write(flag, false));
    OK(run.write(text, "text"));
    OK(run.write(json, plattli::Json{"{\"a\": 1}"}));
    OK(run.end_step());
    OK(run.write(text, std::string("string")));
    REFUSED(Code::argument, "4294967295", run.write(plattli::Metric<double>(), 1.0));
    REFUSED(Code::argument, "", run.end_step());
    CHECK(run.metric<double>("f64").id() == f64.id());
    THROWS(Code::type, "i64", run.metric<double>("i64"));
    THROWS(Code::argument, "name", run.metric<double>("../up"));
    Reader reader(path("numbers"));
    CHECK(reader.metrics().size() == 13 && reader.rows("text") == 2);
    CHECK(reader.info("f64").dtype == plattli::DType::f64 && reader.read<double>("f64").values[0] == 3.0);
    CHECK(reader.read<int>("i64").values[0] == -4);
    const auto objects = reader.column("json"), texts = reader.column("text");
    CHECK(objects.json(0) == "{\"a\": 1}" && texts.json(0) == "\"text\"" && texts.json(1) == "\"string\"");
}

TEST(a_row_is_written_whole_or_not_at_all) {
    Writer run(path("rows"));
    const auto row = run.row<double>({"a", "b"});
    const auto single = run.row<float>(std::vector<std::string>{"c", "d", "e"});
    OK(run.write(row, {1.0, 2.0}));
    OK(run.write(single, std::vector<float>{3, 4, 5}));
    OK(run.end_step());
    OK(run.write(row, std::array<double, 2>{6, 7}));
    REFUSED(Code::argument, "number of values", run.write(single, {1.0f}));
    REFUSED(Code::state, "\"a\"", run.write(row, {1.0, 2.0}));
    REFUSED(Code::argument, "", run.end_step());
    const auto none = run.row<double>(std::vector<std::string>());
    OK(run.write(none, plattli::View<double>()));
    Reader reader(path("rows"));
    CHECK((reader.read<double>("a").values == std::vector<double>{1, 6}));
    CHECK((reader.read<float>("e").values == std::vector<float>{5}));
    CHECK(reader.info("e").dtype == plattli::DType::f32);
}

TEST(the_first_failure_that_was_left_alone_is_thrown_by_check) {
    Writer run(path("latch"));
    run.check();
    run.write("x", 1.0);
    run.write("x", 2.0);
    run.end_step();
    run.write("..", 3.0);
    run.end_step();
    OK(run.write("x", 4.0));
    OK(run.end_step());
    THROWS(Code::state, "\"x\"", run.check());
    run.check(); /* said once */
    REFUSED(Code::state, "go back", run.set_step(0));
    THROWS(Code::state, "go back", run.check());
    THROWS(Code::argument, "name", run.write("", 0).check());
}

TEST(steps_move_forward) {
    plattli::WriterOptions options;
    options.step = 7;
    Writer run(path("steps"), options);
    CHECK(run.step() == 7);
    OK(run.write("x", 1));
    REFUSED(Code::state, "", run.set_step(9)); /* only between steps; no error of the step */
    OK(run.end_step());
    OK(run.set_step(20));
    OK(run.write("x", 2));
    OK(run.end_step());
    CHECK(run.step() == 21);
    REFUSED(Code::state, "", run.set_step(3));
    OK(run.set_step(0xffffffff));
    OK(run.end_step());
    THROWS(Code::state, "4294967295", run.step());
    CHECK((Reader(path("steps")).read<int>("x").steps == std::vector<std::uint32_t>{7, 20}));
}

TEST(a_destructor_closes_and_does_not_finish) {
    {
        Writer run(path("left"));
        run.write("x", 1);
        run.end_step();
        run.write("x", 2); /* the step that was under way is kept as well */
    }
    CHECK(!exists(path("left/metrics.plattli")));
    CHECK(Reader(path("left")).rows("x") == 2);
    Writer again(path("left")); /* the lock was released */
    CHECK(again.step() == 2);
}

TEST(ownership_moves) {
    Writer first(path("moved"));
    Writer second(std::move(first));
    CHECK(second.is_open());
    OK(second.write("x", 1));
    Writer third;
    CHECK(!third.is_open());
    third = std::move(second);
    OK(third.end_step());
    third = Writer(path("moved-too")); /* closes what was open, */
    Writer reopened(path("moved"));    /* so that its lock is free */
    CHECK(reopened.step() == 1);
    std::swap(third, reopened);
    CHECK(third.step() == 1 && reopened.step() == 0);
}

TEST(a_writer_that_is_not_open_says_so) {
    Writer run;
    REFUSED(Code::argument, "NULL", run.write("x", 1.0));
    REFUSED(Code::argument, "NULL", run.write(plattli::Metric<int>(), 1));
    REFUSED(Code::argument, "NULL", run.end_step());
    REFUSED(Code::argument, "NULL", run.flush());
    REFUSED(Code::argument, "NULL", run.sync());
    THROWS(Code::argument, "NULL", run.finish());
    THROWS(Code::argument, "NULL", run.step());
    run.check();
    run.close();
    OK(run.open(path("late")));
    OK(run.write("x", 1.0));
    run.close();
    run.close();
    REFUSED(Code::argument, "NULL", run.write("x", 1.0));
    THROWS(Code::argument, "NULL", run.check());
}

/// How many threads this process has.
static int threads() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.rfind("Threads:", 0) == 0) return std::stoi(line.substr(8));
    return 0;
}

/// The same once it has not changed for a while: a thread that was joined counts until the system has put it away.
static int settled_threads() {
    int n = threads();
    for (int same = 0; same < 100;) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        same = threads() == n ? same + 1 : 0;
        n = threads();
    }
    return n;
}

TEST(every_option_of_a_writer_arrives) {
    plattli::WriterOptions o;
    o.layout = plattli::Layout::direct;
    o.step = 3;
    o.hotsize = 10;
    o.config = "{\"case\": 1}";
    o.reopen_finished = true;
    o.overwrite = false;
    o.durability = plattli::Durability::system;
    o.sync_interval = plattli::SyncInterval{5, std::chrono::seconds(1)};
    o.overload = plattli::Overload::wait;
    o.threads = 0;
    o.nice = 5;
    o.affinity = {0};
    o.on_io_error = plattli::OnIoError::retry;
    o.lock = true;
    o.strict = true;
    Writer run(path("options"), o);
    CHECK(run.step() == 3);
    OK(run.write("x", 1.0));
    OK(run.end_step());
    CHECK(run.stats().steps == 1 && run.stats().rows == 1);
    CHECK(exists(path("options/plattli/x.f64"))); /* direct */
    CHECK(Reader(path("options")).config() == "{\"case\": 1}");
    run.close();
    const auto refused = [](plattli::WriterOptions options) {
        Writer w;
        return w.open(path("refused"), options);
    };
    plattli::WriterOptions bad;
    bad.hotsize = 0;
    REFUSED(Code::argument, "hotsize", refused(bad));
    bad = {};
    bad.config = "{";
    REFUSED(Code::argument, "", refused(bad));
    bad = {};
    bad.layout = static_cast<plattli::Layout>(9);
    REFUSED(Code::argument, "9", refused(bad));
    bad = {};
    bad.durability = static_cast<plattli::Durability>(8);
    REFUSED(Code::argument, "8", refused(bad));
    bad = {};
    bad.overload = static_cast<plattli::Overload>(7);
    REFUSED(Code::argument, "7", refused(bad));
    bad = {};
    bad.on_io_error = static_cast<plattli::OnIoError>(6);
    REFUSED(Code::argument, "6", refused(bad));
    bad = {};
    bad.nice = 20;
    REFUSED(Code::argument, "nice is 20", refused(bad));
    bad = {};
    bad.sync_interval = plattli::SyncInterval{0, std::chrono::milliseconds(0)};
    REFUSED(Code::argument, "", refused(bad));
    bad.sync_interval = plattli::SyncInterval{0, std::chrono::milliseconds(-1)};
    REFUSED(Code::argument, "negative", refused(bad));
    CHECK(!exists(path("refused")));
    plattli::WriterOptions alone;
    alone.threads = 0;
    const int before = settled_threads();
    OK(run.open(path("options-alone"), alone));
    CHECK(threads() == before);
    alone.threads = 1;
    OK(run.open(path("options-alone"), alone));
    CHECK(threads() == before + 1);
    run.close();
    CHECK(settled_threads() == before);
    alone.affinity = {1023};
    REFUSED(Code::argument, "1023", refused(alone));
    plattli::WriterOptions shared;
    shared.lock = false;
    OK(run.open(path("options-shared"), shared));
    const Writer second(path("options-shared"), shared); /* at the user's own risk */
    plattli::WriterOptions bulk;
    bulk.layout = plattli::Layout::bulk;
    for (int i = 0; i < 2; ++i) {
        OK(run.open(path("options-bulk"), bulk));
        OK(run.write("x", i));
        OK(run.end_step());
        run.finish();
        bulk.overwrite = true;
    }
    CHECK(Reader(path("options-bulk")).read<int>("x").values[0] == 1);
    bulk.overwrite = false;
    REFUSED(Code::exists, "options-bulk", run.open(path("options-bulk"), bulk));
    plattli::WriterOptions linked;
    linked.config_path = "settings.json";
    OK(run.open(path("options-linked"), linked));
    linked.config_path = std::string("a\0b", 3);
    REFUSED(Code::argument, "", refused(linked));
#if __cplusplus >= 202002L
    const Writer designated(path("designated"), {.step = 12, .hotsize = 50});
    CHECK(designated.step() == 12);
#endif
}

TEST(finishing_takes_options_and_can_be_repeated) {
    plattli::FinishOptions options;
    options.optimize = false;
    options.archive = false;
    options.config_overrides = "{\"outcome\": \"converged\"}";
    Writer run(path("finished"));
    run.set_config("{\"case\": 2}");
    THROWS(Code::argument, "", run.set_config("{"));
    OK(run.write("n", 1));
    OK(run.end_step());
    OK(run.flush());
    OK(run.sync());
    CHECK(run.warnings().empty());
    plattli::FinishOptions bad;
    bad.config_overrides = "[]";
    THROWS(Code::argument, "", run.finish(bad));
    run.finish(options);
    CHECK(run.stats().rows == 1);
    REFUSED(Code::state, "finished", run.write("n", 1));
    REFUSED(Code::state, "finished", run.end_step());
    THROWS(Code::state, "finished", run.finish());
    run.close();
    Reader reader(path("finished"));
    CHECK(reader.config().find("converged") != std::string::npos);
    CHECK(reader.info("n").dtype == plattli::DType::i32 && !exists(path("finished/metrics.plattli")));
}

TEST(threads_share_a_writer) {
    Writer run(path("threads"));
    for (int step = 0; step < 50; ++step) {
        std::thread other([&] { run.write("other", step); });
        run.write("this", step);
        other.join();
        OK(run.end_step());
    }
    CHECK(Reader(path("threads")).table({"this", "other"}).size() == 50);
}

TEST(samples_within_a_step_are_reduced) {
    Writer run(path("reduced"));
    plattli::Reducer reducer(run, "newton");
    OK(reducer.write()); /* no sample, no row */
    OK(run.end_step());
    for (const double sample : {4.0, 1.0, 7.0}) reducer.add(sample);
    CHECK(reducer.count() == 3 && reducer.min() == 1.0 && reducer.mean() == 4.0 && reducer.max() == 7.0);
    OK(reducer.write());
    OK(run.end_step());
    reducer.add(-1.0); /* begins anew */
    reducer.add(std::numeric_limits<double>::quiet_NaN());
    OK(reducer.write());
    OK(run.end_step());
    reducer.add(1.0);
    reducer.reset();
    OK(reducer.write());
    OK(run.end_step());
    Reader reader(path("reduced"));
    const auto mean = reader.read<double>("newton/mean");
    CHECK((mean.steps == std::vector<std::uint32_t>{1, 2}));
    CHECK(mean.values[0] == 4.0 && std::isnan(mean.values[1]));
    CHECK((reader.read<double>("newton/min").values == std::vector<double>{1, -1}));
    CHECK((reader.read<double>("newton/max").values == std::vector<double>{7, -1}));
    CHECK((reader.read<std::uint64_t>("newton/count").values == std::vector<std::uint64_t>{3, 2}));
    reducer.add(1.0);
    OK(reducer.write());
    reducer.add(1.0);
    REFUSED(Code::state, "newton/count", reducer.write());
}

TEST(scopes_are_timed) {
    Writer run(path("timed"));
    const auto metric = run.metric<double>("time/number");
    plattli::Reducer reducer(run, "time/inner");
    {
        const plattli::ScopedTimer named(run, "time/named");
        plattli::ScopedTimer numbered(run, metric);
        for (int i = 0; i < 3; ++i) {
            plattli::ScopedTimer inner(reducer);
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
            OK(inner.stop());
        }
        CHECK(numbered.seconds() >= 0.006);
        OK(numbered.stop());
        OK(numbered.stop()); /* once is enough */
    }
    CHECK(reducer.count() == 3 && reducer.min() >= 0.002);
    OK(reducer.write());
    OK(run.end_step());
    Reader reader(path("timed"));
    CHECK(reader.read<double>("time/named").values[0] >= reader.read<double>("time/number").values[0]);
    CHECK(reader.read<double>("time/number").values[0] >= 0.006);
    CHECK(reader.rows("time/inner/mean") == 1);
}
