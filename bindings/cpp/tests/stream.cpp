// Stream: rows under a quota, queries page by page, what goes wrong.
#include "check.hpp"

#include <array>
#include <cmath>
#include <numeric>
#include <sys/wait.h>
#include <type_traits>
#include <unistd.h>

using plattli::Code;
using plattli::F64Column;
using plattli::PageEnd;
using plattli::Query;
using plattli::Stream;
using plattli::StreamOptions;
using Times = std::vector<std::int64_t>;
using Reals = std::vector<double>;

static_assert(!std::is_copy_constructible_v<Stream> && std::is_nothrow_move_constructible_v<Stream>, "one owner");
static_assert(noexcept(std::declval<Stream&>().checkpoint()));

/// Rows n … n + rows - 1: time 10 n, x = n / 2, y = -n.
static plattli::Status append(Stream& stream, const char* partition, int n, int rows, plattli::Span* span = nullptr) {
    Times time;
    Reals x, y;
    for (int i = n; i < n + rows; ++i) {
        time.push_back(10 * i);
        x.push_back(0.5 * i);
        y.push_back(-i);
    }
    return stream.append("t", partition, time, {{"x", x}, {"y", y}}, span);
}

static Query all() {
    Query query;
    query.topic = "t";
    return query;
}

/// The doubles of a column of a page.
static Reals reals(plattli::Page page, const char* column) { return page.rows.read().column<double>(column); }

TEST(rows_are_appended_and_read_before_and_after_they_are_written) {
    {
        Stream stream(path("stream-rows"));
        plattli::Span span;
        OK(append(stream, "p", 0, 3, &span));
        CHECK(span.begin == 0 && span.end == 3);
        OK(append(stream, "p", 3, 2, &span));
        CHECK(span.begin == 3 && span.end == 5);
        const auto table = stream.query(all()).rows.read();
        CHECK(table.size() == 5 && (table.columns() == std::vector<std::string>{"time", "x", "y"}));
        CHECK((table.column<std::int64_t>("time") == Times{0, 10, 20, 30, 40}));
        OK(stream.checkpoint());
        CHECK(stream.stats().rows == 5 && stream.stats().batches == 2 && stream.stats().checkpoints >= 1);
        stream.close();
        CHECK(!stream.is_open());
        stream.close();
    }
    const Stream stream(path("stream-rows"));
    CHECK((reals(stream.query(all()), "x") == Reals{0, 0.5, 1, 1.5, 2}));
    CHECK((stream.topics() == std::vector<std::string>{"t"}) && (stream.partitions("t") == std::vector<std::string>{"p"}));
    CHECK(stream.partitions("other").empty() && stream.warnings().empty());
}

TEST(columns_come_from_any_array) {
    Stream stream(path("stream-arrays"));
    const std::array<std::int64_t, 2> time{1, 2};
    const double x[] = {3, 4};
    OK(stream.append("t", std::string("p"), time, {{"x", x}}));
    std::vector<F64Column> many;
    for (int i = 0; i < 40; ++i) many.push_back({"column " + std::to_string(i), x});
    OK(stream.append("many", "p", time, many));
    OK(stream.append("none", "p", time, std::vector<F64Column>()));
    Query query;
    query.topic = "many";
    const auto table = stream.query(query).rows.read();
    CHECK(table.columns().size() == 41 && (table.column<double>("column 39") == Reals{3, 4}));
}

TEST(a_query_goes_on_from_its_cursor) {
    Stream stream(path("stream-pages"));
    OK(append(stream, "a", 0, 5));
    OK(append(stream, "b", 5, 5));
    Query query = all();
    query.max_rows = 4;
    auto page = stream.query(query);
    Reals x = page.rows.read().column<double>("x");
    CHECK(page.cursor.end() == PageEnd::row_limit && page.cursor.more() && page.cursor.rows() == 4);
    const auto positions = page.cursor.positions();
    CHECK(positions.size() == 2 && positions[0].partition == "a" && positions[0].index == 4 && positions[1].index == 0);
    Query later = all();
    later.max_rows = 4;
    later.cursor = page.cursor.text();
    while (page.cursor.more()) {
        page = stream.query(query, page.cursor);
        while (const auto batch = page.rows.next()) batch->column("x").append_to(x);
    }
    Reals expected(10);
    std::iota(expected.begin(), expected.end(), 0.0);
    for (double& value : expected) value *= 0.5;
    CHECK(x == expected && page.cursor.end() == PageEnd::all && page.cursor.rows() == 2);
    CHECK((reals(stream.query(later), "x") == Reals{2, 2.5, 3, 3.5}));
    THROWS(Code::argument, "one cursor", stream.query(later, page.cursor));
    THROWS(Code::argument, "", plattli::Cursor(nullptr).end());
}

TEST(a_query_chooses_rows_and_columns) {
    Stream stream(path("stream-chosen"));
    for (const char* partition : {"a1", "a2", "b1"}) OK(append(stream, partition, 0, 10));
    Query query = all();
    query.partitions = {"b1"};
    query.start = 8;
    CHECK((reals(stream.query(query), "x") == Reals{4, 4.5}));
    query.order = plattli::Order::descending;
    CHECK((reals(stream.query(query), "x").front() == 3.5));
    query = all();
    query.pattern = "^a";
    query.time = plattli::TimeRange{20, 30};
    query.labels = true;
    auto table = stream.query(query).rows.read();
    CHECK((table.column<std::string>("_partition") == std::vector<std::string>{"a1", "a2", "a1", "a2"}));
    CHECK((table.column<std::uint64_t>("_index") == std::vector<std::uint64_t>{2, 2, 3, 3}));
    query.partitions = {"a1"};
    THROWS(Code::argument, "both", stream.query(query));
    query = all();
    query.pick = {"y", "x"};
    table = stream.query(query).rows.read();
    CHECK((table.columns() == std::vector<std::string>{"y", "x"}));
    query = all();
    query.exclude = {"y"};
    query.flatten = ".";
    query.max_value_bytes = 100;
    table = stream.query(query).rows.read();
    CHECK((table.columns() == std::vector<std::string>{"time", "x"}) && table.size() == 30);
    query.max_bytes = 1;
    CHECK(stream.query(query).cursor.end() == PageEnd::byte_limit);
    query = all();
    query.pick = {"z"};
    THROWS(Code::not_found, "time, x, y", stream.query(query));
    query.topic = "other";
    THROWS(Code::not_found, "other", stream.query(query));
    THROWS(Code::argument, "topic", stream.query(Query()));
    query = all();
    query.time = plattli::TimeRange{1, 0};
    THROWS(Code::argument, "time", stream.query(query));
    query = all();
    query.cursor = "nonsense";
    THROWS(Code::argument, "cursor", stream.query(query));
    query = all();
    query.max_rows = 0;
    THROWS(Code::argument, "0 rows", stream.query(query));
}

TEST(other_columns_end_a_page) {
    Stream stream(path("stream-schema"));
    OK(append(stream, "p", 0, 2));
    OK(stream.append("t", "p", Times{30}, {{"z", Reals{7}}}));
    auto page = stream.query(all());
    CHECK(page.cursor.end() == PageEnd::schema_change && page.rows.read().size() == 2);
    page = stream.query(all(), page.cursor);
    CHECK((page.rows.read().column<double>("z") == Reals{7}) && page.cursor.end() == PageEnd::all);
}

TEST(a_quota_is_kept) {
    StreamOptions options;
    options.roll_rows = 1000;
    options.partition_segments = 2;
    options.threads = 0;
    options.sync = false;
    options.checkpoint = std::chrono::milliseconds(0);
    Stream stream(path("stream-quota"), options);
    for (int i = 0; i < 10; ++i) OK(append(stream, "p", 2000 * i, 2000));
    OK(stream.checkpoint());
    stream.retain();
    const auto stats = stream.stats();
    CHECK(stats.dropped_segments > 0 && stats.dropped_rows == 2000 * stats.dropped_segments);
    CHECK(stats.segments <= 2 && stats.rows == 20000 && stats.bytes > 0 && stats.read_only == 0);
    Query query = all();
    query.labels = true;
    query.max_rows = 1;
    const auto first = stream.query(query).rows.read().column<std::uint64_t>("_index");
    CHECK(first.size() == 1 && first[0] == stats.dropped_rows);
}

TEST(all_options_are_taken) {
    StreamOptions options;
    options.format = plattli::SegmentFormat::arrow;
    options.roll_bytes = 1 << 20;
    options.roll_age = std::chrono::hours(1);
    options.partition_bytes = 10 << 20;
    options.store_bytes = 100 << 20;
    options.max_age = std::chrono::hours(24 * 365 * 200);
    options.min_free_bytes = 0;
    options.open_topics = 4;
    options.active_bytes = 10 << 20;
    options.overload_wait = std::chrono::minutes(10);  // a slow machine is not an overload
    options.manifest = ":memory:";
    options.replicate = path("stream-copies");
    options.drop_waiting = true;
    Stream stream(path("stream-options"), options);
    OK(append(stream, "p", 0, 10));
    OK(stream.append("t", "p", Times{0}, {{"other", Reals{1}}}));  // closes a segment
    OK(stream.checkpoint());
    CHECK(stream.replicate() == 1 && stream.stats().replicated == 1 && stream.stats().waiting == 0);
    CHECK(exists(path("stream-copies/topics/t/p/0.arrow")) && !exists(path("stream-options/manifest.sqlite")));
    options.replicate_every = std::chrono::milliseconds(-1);
    Stream other;
    REFUSED(Code::argument, "negative", other.open(path("stream-other"), options));
    options.replicate_every = {};
    options.overload_wait = std::chrono::milliseconds(-1);
    REFUSED(Code::argument, "negative", other.open(path("stream-other"), options));
    options.overload_wait = {};
    options.roll_rows = 0;
    REFUSED(Code::argument, "roll_rows", other.open(path("stream-other"), options));
    THROWS(Code::state, "replicat", Stream(path("stream-other")).replicate());
}

TEST(rows_that_cannot_be_kept_are_refused) {
    Stream stream(path("stream-refused"));
    REFUSED(Code::argument, "number of values", stream.append("t", "p", Times{1, 2}, {{"x", Reals{1}}}));
    REFUSED(Code::argument, "topic", stream.append("", "p", Times{1}, {{"x", Reals{1}}}));
    REFUSED(Code::argument, "", stream.append("t", std::string("a\0b", 3), Times{1}, {{"x", Reals{1}}}));
    REFUSED(Code::argument, "", stream.append("t", "p", Times{1}, {{std::string("a\0b", 3), Reals{1}}}));
    REFUSED(Code::argument, "\"x\"", stream.append("t", "p", Times{1}, {{"x", Reals{1}}, {"x", Reals{1}}}));
    THROWS(Code::argument, "number of values", stream.check());
    stream.check();
    CHECK(stream.topics().empty());
    REFUSED(Code::argument, "NULL", append(*std::make_unique<Stream>(), "p", 0, 1));
    THROWS(Code::argument, "NULL", Stream().query(all()));
    write_file(path("stream-file"), "");
    THROWS(Code::io, "stream-file", Stream(path("stream-file/in")));
    THROWS(Code::busy, "stream-refused", Stream(path("stream-refused")));
}

TEST(a_disk_that_cannot_follow_sheds_whole_batches) {
    StreamOptions options;
    options.roll_rows = 1;
    options.overload_wait = std::chrono::milliseconds(0);
    options.threads = 1;
    Stream stream(path("stream-shed"), options);
    plattli::Status status;
    int n = 0;
    while (status.ok() && n < 100000) status = append(stream, "p", 2 * n++, 2);
    CHECK(status == Code::overloaded && stream.stats().shed_batches == 1 && stream.stats().shed_rows == 2);
    THROWS(Code::overloaded, "", stream.check());
    while (append(stream, "p", 2 * (n - 1), 2) == Code::overloaded) usleep(100);
    auto query = all();
    query.max_rows = 1000000;
    CHECK(stream.query(query).cursor.rows() == static_cast<std::uint64_t>(2 * n));
}

TEST(a_stream_of_a_parent_is_refused_in_a_child) {
    Stream stream(path("stream-forked"));
    OK(append(stream, "p", 0, 1));
    const pid_t child = fork();
    if (child == 0) {
        bool refused = append(stream, "p", 1, 1) == Code::forked && stream.checkpoint() == Code::forked;
        bool thrown = false;
        try {
            stream.close();
        } catch (const plattli::Error& error) {
            thrown = error.code() == Code::forked;
        }
        const char* const verdict = refused && thrown ? "true" : "false";
        execlp(verdict, verdict, static_cast<char*>(nullptr));
        _exit(2);
    }
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    OK(append(stream, "p", 1, 1));
    CHECK((reals(stream.query(all()), "x") == Reals{0, 0.5}));
}
