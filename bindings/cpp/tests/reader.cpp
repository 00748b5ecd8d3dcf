// Reading: metrics, selections, columns, tables, live runs, imports.
#include "check.hpp"

#include <algorithm>
#include <numeric>
#if __cplusplus >= 202002L
#include <span>
#endif

using plattli::As;
using plattli::Code;
using plattli::DType;
using plattli::Reader;
using plattli::Selection;
using plattli::Writer;

static_assert(!std::is_copy_constructible_v<Reader> && std::is_nothrow_move_constructible_v<Reader>, "one owner");

/// Ten steps of x (0, 0.5, 1 …), of n at the even ones, of a note at step 3.
static std::string sample(const std::string& name, bool finish = false) {
    Writer run(path(name));
    run.set_config("{\"case\": \"sample\"}");
    for (int i = 0; i < 10; ++i) {
        run.write("x", 0.5 * i);
        run.write("f", 0.25f * static_cast<float>(i));
        if (i % 2 == 0) run.write("n", i * i);
        if (i == 3) run.write("note", "three");
        OK(run.end_step());
    }
    if (finish) run.finish();
    return path(name);
}

TEST(metrics_say_what_they_are) {
    Reader reader(sample("said", true));
    CHECK((reader.metrics() == std::vector<std::string>{"f", "n", "note", "x"}));
    const auto n = reader.info("n");
    CHECK(n.dtype == DType::u8 && n.monotonic == 1 && n.rows == 5 && n.first_step == 0 && n.last_step == 8);
    CHECK(reader.rows("x") == 10 && reader.approx_max_rows() == 10 && reader.approx_max_rows(1) == 10);
    CHECK(reader.config() == "{\"case\": \"sample\"}");
    CHECK(reader.when_exported().size() == 20);
    CHECK(reader.warnings().empty());
    THROWS(Code::not_found, "nothing", reader.rows("nothing"));
    THROWS(Code::not_found, "nothing", reader.info("nothing"));
}

TEST(values_are_read_into_vectors) {
    Reader reader(sample("vectors"));
    CHECK((reader.read<std::int64_t>("n").values == std::vector<std::int64_t>{0, 4, 16, 36, 64}));
    CHECK((reader.read<std::uint64_t>("n").steps == std::vector<std::uint32_t>{0, 2, 4, 6, 8}));
    CHECK((reader.read<int>("n").values == std::vector<int>{0, 4, 16, 36, 64}));
    CHECK((reader.read<long long>("n").values.back() == 64));
    CHECK((reader.read<std::int8_t>("n").values.back() == 64));
    CHECK((reader.read<float>("f").values.back() == 2.25f));
    CHECK((reader.read<double>("n").values.back() == 64.0));
    THROWS(Code::type, "x", reader.read<int>("x"));
    THROWS(Code::type, "note", reader.read<double>("note"));
    THROWS(Code::not_found, "nothing", reader.read<double>("nothing"));
}

TEST(rows_are_selected_by_step_value_and_position) {
    Reader reader(sample("selected"));
    const auto values = [&](const Selection& s) { return reader.read<double>("x", s).values; };
    using V = std::vector<double>;
    CHECK(values({}).size() == 10);
    CHECK((values(Selection::steps(2, 4)) == V{1, 1.5, 2}));
    CHECK((values(Selection::steps(8)) == V{4, 4.5}));
    CHECK((values(Selection::steps({}, 1)) == V{0, 0.5}));
    CHECK((values(Selection::positions(-2)) == V{4, 4.5}));
    CHECK((values(Selection::positions(1, 3)) == V{0.5, 1}));
    CHECK((values(Selection::positions({}, 1)) == V{0}));
    CHECK((values(Selection::values(4.0)) == V{4, 4.5}));
    CHECK((values(Selection::values({}, 0.5)) == V{0, 0.5}));
    CHECK((values(Selection::values(1.0, 2.0)) == V{1, 1.5, 2}));
    CHECK(values(Selection::steps(4, 2)).empty());
}

TEST(values_are_read_into_memory_of_the_caller) {
    Reader reader(sample("in-place"));
    double values[10];
    std::uint32_t steps[10];
    CHECK(reader.read_into("x", values, steps, 10) == 10 && values[9] == 4.5 && steps[9] == 9);
    CHECK(reader.read_into<double>("x", values, nullptr, 10, Selection::steps(5)) == 5 && values[0] == 2.5);
    float singles[10];
    CHECK(reader.read_into<float>("f", singles, nullptr, 10) == 10);
    std::int64_t integers[10];
    CHECK(reader.read_into<std::int64_t>("n", integers, nullptr, 10) == 5);
    std::uint64_t naturals[10];
    CHECK(reader.read_into<std::uint64_t>("n", naturals, nullptr, 10) == 5 && naturals[4] == 64);
    THROWS(Code::buffer, "10", reader.read_into("x", values, steps, 9));
}

TEST(columns_outlive_their_reader) {
    Reader reader(sample("columns"));
    auto x = reader.column("x");
    const auto n = reader.column("n", Selection::steps(4), As::i16);
    const auto note = reader.column("note");
    reader.close();
    CHECK(!reader.is_open());
    CHECK(x.size() == 10 && x.dtype() == DType::f64 && x.steps()[9] == 9);
    const auto values = x.values<double>();
    CHECK(std::accumulate(values.begin(), values.end(), 0.0) == 22.5);
    CHECK(values.front() == 0.0 && values.back() == 4.5 && !values.empty() && values[2] == 1.0);
    CHECK(n.dtype() == DType::i16 && n.values<short>()[0] == 16 && n.size() == 3);
    CHECK(note.dtype() == DType::json && note.json(0) == "\"three\"");
    THROWS(Code::type, "", x.values<float>());
    THROWS(Code::type, "", x.json(0));
    THROWS(Code::not_found, "", note.json(1));
    plattli::Column moved(std::move(x));
    CHECK(moved.size() == 10);
    moved = plattli::Column(nullptr);
    CHECK(moved.size() == 0 && moved.steps().empty());
#if __cplusplus >= 202002L
    const std::span<const short> span = n.values<short>();
    CHECK(span.size() == 3 && span[1] == 36);
#endif
}

TEST(tables_hold_the_steps_that_all_have) {
    Reader reader(sample("tables"));
    const auto table = reader.table({"x", "n"});
    CHECK(table.size() == 5 && table.steps()[1] == 2);
    CHECK(table.column(0).values<double>()[1] == 1.0);
    CHECK(table.column(1).values<std::int64_t>()[1] == 4);
    THROWS(Code::not_found, "", table.column(2));
    const std::vector<std::string> names{"n", "x"};
    const auto last = reader.table(names, Selection::positions(-1), As::f64);
    CHECK(last.size() == 1 && last.column(0).values<double>()[0] == 64.0 && last.column(1).values<double>()[0] == 4.0);
    const auto on = reader.table_on("n", names, Selection::values(30.0));
    CHECK(on.size() == 2 && on.column(1).values<double>()[0] == 3.0);
    CHECK(reader.table_on("n", {"x"}, Selection::values(30.0), As::f32).size() == 2);
    THROWS(Code::not_found, "nothing", reader.table({"x", "nothing"}));
}

TEST(a_live_run_is_read_as_it_was_until_refreshed) {
    Writer run(path("live"));
    OK(run.write("x", 1.0));
    OK(run.end_step());
    Reader reader(path("live"));
    OK(run.write("x", 2.0));
    OK(run.flush()); /* the step goes on, and is to be seen */
    CHECK(reader.rows("x") == 1);
    reader.refresh();
    CHECK(reader.rows("x") == 2);
    plattli::ReaderOptions cold;
    cold.exclude_hot = true;
    CHECK(Reader(path("live"), cold).rows("x") == 0);
}

TEST(every_option_of_a_reader_arrives) {
    const std::string archived = sample("archived", true);
    plattli::ReaderOptions options;
    options.kind = plattli::Kind::folder;
    THROWS(Code::not_found, "archived", Reader(archived, options));
    options.kind = plattli::Kind::archive;
    CHECK(Reader(archived + "/metrics.plattli", options).rows("x") == 10);
    options.kind = static_cast<plattli::Kind>(7);
    THROWS(Code::argument, "7", Reader(archived, options));
    THROWS(Code::not_found, "no-such-run", Reader(path("no-such-run")));
    Reader reader;
    THROWS(Code::argument, "NULL", reader.metrics());
    REFUSED(Code::not_found, "no-such-run", reader.open(path("no-such-run")));
    OK(reader.open(archived));
    CHECK(reader.handle() != nullptr);
}

TEST(a_log_of_json_lines_becomes_a_run) {
    write_file(path("log.jsonl"), "{\"step\": 0, \"x\": 1.5, \"gnorm\": 1}\n{\"step\": 1, \"x\": 2.5}\n{\"step\": 0, \"x\": 3.5}\n{\"st");
    plattli::ImportOptions options;
    THROWS(Code::corrupt, "log.jsonl", plattli::import_jsonl(path("log.jsonl"), path("imported"), options));
    options.skip_columns = {"DEFAULT"};
    options.allow_rewinds = true;
    options.double_precision = true;
    options.skip_torn_tail = true;
    options.overwrite = true;
    const auto report = plattli::import_jsonl(path("log.jsonl"), path("imported"), options);
    CHECK(report.rows == 3 && report.rewound_rows == 2 && report.metrics == 1 && report.torn_tail == 1);
    Reader reader(path("imported"));
    CHECK(reader.metrics() == std::vector<std::string>{"x"} && reader.info("x").dtype == DType::f64);
    options.overwrite = false;
    THROWS(Code::exists, "imported", plattli::import_jsonl(path("log.jsonl"), path("imported"), options));
    options.skip_columns = {"("};
    THROWS(Code::argument, "(", plattli::import_jsonl(path("log.jsonl"), path("other"), options));
}

TEST(the_library_says_its_version) {
    CHECK(plattli::version() == PLATTLI_VERSION && plattli::version() == plattli_version());
    CHECK(!plattli::version_string().empty() && plattli::version_string() == plattli_version_string());
    CHECK(plattli::has_feature("run") && plattli::has_feature("patterns") && !plattli::has_feature("nonsense"));
}
