// Tables: the metrics of a run, any column of the Arrow C data interface, in and out.
#include "check.hpp"

#include <cmath>
#include <type_traits>

using plattli::ArrowBatch;
using plattli::ArrowStream;
using plattli::ArrowType;
using plattli::Code;
using plattli::Reader;
using plattli::Selection;
using Texts = std::vector<std::string>;

static_assert(!std::is_copy_constructible_v<ArrowStream> && std::is_nothrow_move_constructible_v<ArrowStream>, "one owner");
static_assert(!std::is_copy_constructible_v<ArrowBatch> && std::is_nothrow_move_constructible_v<ArrowBatch>, "one owner");

// -- a table made here: two rows are passed over by the offset of its struct, one more by that of each column ----------

static int released = 0;

template <class T>
static void count_release(T* of) {
    of->release = nullptr;
    ++released;
}

/// A column whose row 3 + i of memory is row i. Its memory is that of the test.
struct Column {
    ArrowSchema schema{};
    ArrowArray array{};
    const void* buffers[3] = {nullptr, nullptr, nullptr};

    Column(const char* name, const char* format, std::int64_t rows, const void* values, const void* more = nullptr,
           const std::uint8_t* valid = nullptr) {
        schema.format = format;
        schema.name = name;
        schema.flags = ARROW_FLAG_NULLABLE;
        schema.release = &count_release<ArrowSchema>;
        buffers[0] = valid;
        buffers[1] = values;
        buffers[2] = more;
        array.length = rows + 2;
        array.null_count = valid == nullptr ? 0 : -1;
        array.offset = 1;
        array.n_buffers = more == nullptr ? 2 : 3;
        array.buffers = buffers;
        array.release = &count_release<ArrowArray>;
    }
    Column(const Column&) = delete;
};

struct Made {
    ArrowSchema schema{};
    ArrowArray array{};
    std::vector<ArrowSchema*> schemas;
    std::vector<ArrowArray*> arrays;
    const void* buffers[1] = {nullptr};

    Made(std::int64_t rows, const std::vector<Column*>& columns) {
        for (Column* column : columns) {
            schemas.push_back(&column->schema);
            arrays.push_back(&column->array);
        }
        schema.format = "+s";
        schema.name = "";
        schema.n_children = array.n_children = static_cast<std::int64_t>(columns.size());
        schema.children = schemas.data();
        schema.release = &count_release<ArrowSchema>;
        array.length = rows;
        array.offset = 2;
        array.n_buffers = 1;
        array.buffers = buffers;
        array.children = arrays.data();
        array.release = &count_release<ArrowArray>;
    }
    Made(const Made&) = delete;
};

/// Streams one batch, or an error.
struct Source {
    Made* made;
    int error;
};

static ArrowArrayStream streamed(Source& source) {
    ArrowArrayStream stream{};
    stream.private_data = &source;
    stream.get_schema = [](ArrowArrayStream* from, ArrowSchema* out) {
        *out = static_cast<Source*>(from->private_data)->made->schema;
        return 0;
    };
    stream.get_next = [](ArrowArrayStream* from, ArrowArray* out) {
        auto* const its = static_cast<Source*>(from->private_data);
        if (its->error == 0) *out = std::exchange(its->made->array, ArrowArray{});
        return its->error;
    };
    stream.get_last_error = [](ArrowArrayStream* from) {
        return static_cast<Source*>(from->private_data)->error == ENOSYS ? nullptr : "told by the source";
    };
    stream.release = &count_release<ArrowArrayStream>;
    return stream;
}

TEST(every_type_of_column_is_read) {
    const std::int8_t i8[] = {0, 0, 0, -1, 2};
    const std::int16_t i16[] = {0, 0, 0, -1, 2};
    const std::int32_t i32[] = {0, 0, 0, -1, 2};
    const std::int64_t i64[] = {0, 0, 0, -1, 2};
    const std::uint8_t u8[] = {0, 0, 0, 1, 2};
    const std::uint16_t u16[] = {0, 0, 0, 1, 2};
    const std::uint32_t u32[] = {0, 0, 0, 1, 2};
    const std::uint64_t u64[] = {0, 0, 0, 1, 2};
    const float f32[] = {0, 0, 0, 0.5f, 2};
    const double f64[] = {0, 0, 0, 0.5, 2};
    const std::uint8_t bits[] = {0b01000, 0xff};  // true, false
    const std::uint8_t second_null[] = {0b01111};
    const std::int32_t ends[] = {0, 0, 0, 0, 3, 5};
    const std::int64_t large_ends[] = {0, 0, 0, 0, 3, 5};
    const char bytes[] = "onetwothree";
    const std::int8_t keys[] = {0, 0, 0, 1, 0};
    const std::int32_t words[] = {0, 3, 6, 11};
    Column a("i8", "c", 2, i8), b("i16", "s", 2, i16), c("i32", "i", 2, i32), d("i64", "l", 2, i64), e("u8", "C", 2, u8),
        f("u16", "S", 2, u16), g("u32", "I", 2, u32), h("u64", "L", 2, u64), i("f32", "f", 2, f32), j("f64", "g", 2, f64),
        k("bool", "b", 2, bits), l("text", "u", 2, ends, bytes), m("large", "U", 2, large_ends, bytes),
        n("category", "c", 2, keys), o("when", "tsm:UTC", 2, i64), p("bytes", "z", 2, ends, bytes),
        q("i64?", "l", 2, i64, nullptr, second_null), r("f32?", "f", 2, f32, nullptr, second_null),
        s("bool?", "b", 2, bits, nullptr, second_null), t("text?", "u", 2, ends, bytes, second_null),
        u("category?", "c", 2, keys, nullptr, second_null);
    Column dictionary("", "u", 3, words, bytes);
    dictionary.array.offset = 1;
    for (Column* column : {&n, &u}) {
        column->schema.dictionary = &dictionary.schema;
        column->array.dictionary = &dictionary.array;
    }
    Made made(2, {&a, &b, &c, &d, &e, &f, &g, &h, &i, &j, &k, &l, &m, &n, &o, &p, &q, &r, &s, &t, &u});
    Source source{&made, 0};
    released = 0;
    {
        ArrowArrayStream raw = streamed(source);
        ArrowStream stream(raw);
        CHECK(raw.release == nullptr && stream.columns().size() == 21 && stream.columns()[20] == "category?");
        const auto batch = stream.next();
        CHECK(batch && batch->size() == 2 && batch->column_count() == 21 && batch->column(3).name() == "i64");
        const auto column = [&](const char* name) { return batch->column(name); };
        CHECK(column("i8").type() == ArrowType::i8 && column("u64").type() == ArrowType::u64);
        CHECK(column("i8").values<signed char>()[0] == -1 && column("i16").values<short>()[0] == -1);
        CHECK(column("i32").values<int>()[1] == 2 && column("i64").values<long long>()[1] == 2);
        CHECK(column("u8").values<std::uint8_t>()[0] == 1 && column("u16").values<std::uint16_t>()[0] == 1);
        CHECK(column("u32").values<std::uint32_t>()[1] == 2 && column("u64").values<std::uint64_t>()[1] == 2);
        CHECK(column("f32").values<float>()[0] == 0.5f && column("f64").values<double>().size() == 2);
        CHECK((column("u8").copy<double>() == std::vector<double>{1, 2}));
        CHECK((column("i32").copy<std::int64_t>() == std::vector<std::int64_t>{-1, 2}));
        CHECK((column("f32").copy<double>() == std::vector<double>{0.5, 2}));
        CHECK((column("bool").copy<bool>() == std::vector<bool>{true, false}) && column("bool").boolean(0));
        CHECK((column("text").copy<std::string>() == Texts{"one", "tw"}) && column("text").text(0) == "one");
        CHECK((column("large").copy<std::string>() == Texts{"one", "tw"}));
        CHECK(column("category").type() == ArrowType::category && column("category").format() == "c");
        CHECK((column("category").copy<std::string>() == Texts{"three", "two"}));
        CHECK(column("when").values<std::int64_t>()[0] == -1 && column("bytes").type() == ArrowType::other);

        CHECK(column("i64").null_count() == 0 && column("i64?").null_count() == 1 && column("i64?").is_null(1));
        CHECK((column("i64?").copy<std::optional<int64_t>>() == std::vector<std::optional<int64_t>>{-1, std::nullopt}));
        CHECK(std::isnan(column("f32?").copy<float>()[1]) && column("f32?").copy<float>()[0] == 0.5f);
        CHECK(std::isnan(column("f32?").copy<double>()[1]) && !column("f32?").copy<std::optional<double>>()[1]);
        CHECK(!column("bool?").copy<std::optional<bool>>()[1] && *column("bool?").copy<std::optional<bool>>()[0]);
        CHECK(column("text?").copy<std::optional<std::string>>()[0] == "one" && column("text?").text(1).empty());
        CHECK(!column("category?").copy<std::optional<std::string>>()[1] && column("category?").text(1).empty());
        THROWS(Code::type, "std::optional", column("i64?").copy<std::int64_t>());
        THROWS(Code::type, "std::optional", column("text?").copy<std::string>());
        THROWS(Code::type, "std::optional", column("bool?").copy<bool>());
        THROWS(Code::type, "i64", column("i64").copy<double>());
        THROWS(Code::type, "f64", column("f64").copy<float>());
        THROWS(Code::type, "u8", column("u8").copy<std::int8_t>());
        THROWS(Code::type, "u32", column("u32").values<std::int32_t>());
        THROWS(Code::type, "bytes", column("bytes").copy<std::string>());
        THROWS(Code::type, "text", column("text").copy<double>());
        THROWS(Code::type, "i8", column("i8").text(0));
        THROWS(Code::type, "i8", column("i8").boolean(0));
        THROWS(Code::type, "category", column("category").values<std::int8_t>());
        THROWS(Code::type, "category", column("category").copy<int>());
        THROWS(Code::type, "i8", column("i8").copy<bool>());
        THROWS(Code::not_found, "i8, i16", column("nothing"));
        THROWS(Code::not_found, "21", batch->column(21));
        CHECK(!stream.next());
        CHECK(released == 0);
    }
    CHECK(released == 3);  // the stream, its schema and the batch, each once
}

TEST(a_stream_that_fails_says_why) {
    Made made(0, {});
    Source source{&made, EINVAL};
    ArrowArrayStream raw = streamed(source);
    ArrowStream stream(raw);
    THROWS(Code::argument, "told by the source", stream.next());
    source.error = EIO;
    THROWS(Code::io, "told by the source", stream.next());
    source.error = ENOSYS;
    THROWS(Code::unsupported, "", stream.next());
    THROWS(Code::argument, "released", ArrowStream(raw));
    ArrowArrayStream given = stream.release();
    CHECK(given.release != nullptr);
    THROWS(Code::argument, "given away", stream.next());
    given.release(&given);
    made.schema.format = "l";
    raw = streamed(source);
    THROWS(Code::type, "\"l\"", ArrowStream(raw));
}

// -- the metrics of a run -----------------------------------------------------------------------------------------------

/// x at steps 0 to 9, n at the even ones, a note at step 3.
static std::string sample(const std::string& name) {
    plattli::Writer run(path(name));
    for (int i = 0; i < 10; ++i) {
        run.write("x", 0.5 * i);
        if (i % 2 == 0) run.write("n", i * i);
        if (i == 3) run.write("note", "three");
        OK(run.end_step());
    }
    return path(name);
}

TEST(metrics_are_read_as_tables) {
    const Reader reader(sample("arrow"));
    const auto inner = reader.arrow({"x", "n"}).read();
    CHECK((inner.columns() == Texts{"step", "x", "n"}) && inner.size() == 5);
    CHECK((inner.column<std::uint32_t>("step") == std::vector<std::uint32_t>{0, 2, 4, 6, 8}));
    CHECK((inner.column<std::int64_t>("n") == std::vector<std::int64_t>{0, 4, 16, 36, 64}));
    CHECK((inner.column<double>("x") == std::vector<double>{0, 1, 2, 3, 4}));
    THROWS(Code::not_found, "step, x, n", inner.column<double>("y"));

    const auto outer = reader.arrow_outer(Texts{"n", "x"}, Selection::steps(1, 2)).read();
    CHECK((outer.column<std::optional<std::int64_t>>("n") == std::vector<std::optional<std::int64_t>>{std::nullopt, 4}));
    THROWS(Code::type, "std::optional", outer.column<std::int64_t>("n"));
    CHECK(reader.arrow_outer().read().columns().size() == 4 && reader.arrow().read().size() == 0);

    const auto longer = reader.arrow_long({"note", "x"}).read();
    CHECK((longer.columns() == Texts{"step", "metric", "value", "text"}) && longer.size() == 11);
    CHECK(longer.column<std::string>("metric")[0] == "note" && longer.column<std::string>("metric")[10] == "x");
    CHECK(std::isnan(longer.column<double>("value")[0]) && longer.column<double>("value")[10] == 4.5);
    CHECK(longer.column<std::optional<std::string>>("text")[0] == "\"three\"");
    CHECK(reader.arrow_long(Texts{"x"}, Selection::values(4.0)).read().size() == 2);
    CHECK(reader.arrow_long().read().size() == 16);
    THROWS(Code::not_found, "nothing", reader.arrow({"nothing"}));
    THROWS(Code::argument, "", reader.arrow({std::string_view("a\0b", 3)}));
}

TEST(a_table_outlives_its_reader) {
    ArrowStream stream = Reader(sample("outlives")).arrow({"x"});
    auto batches = stream.read().batches();
    CHECK(batches.size() == 1 && batches[0].column("x").values<double>().back() == 4.5);
    const ArrowBatch moved = std::move(batches[0]);
    CHECK(moved.column("step").values<std::uint32_t>().size() == 10);
}

// -- tables into a stream ----------------------------------------------------------------------------------------------

TEST(tables_are_appended_and_come_back) {
    const std::int64_t time[] = {0, 0, 0, 100, 200};
    const float f32[] = {0, 0, 0, 0.5f, 2};
    const std::int32_t ends[] = {0, 0, 0, 0, 3, 6};
    const char bytes[] = "onetwo";
    Column a("time", "l", 2, time), b("pressure", "f", 2, f32), c("name", "u", 2, ends, bytes);
    a.schema.flags = 0;  // no nulls
    Made made(2, {&a, &b, &c});
    plattli::Stream stream(path("arrow-in"));
    plattli::Span span;
    released = 0;
    REFUSED(Code::argument, "topic", stream.append("", "p", made.array, made.schema));
    CHECK(released == 0 && made.array.release != nullptr && made.schema.release != nullptr);
    Made timeless(2, {&b, &c});
    REFUSED(Code::type, "time", stream.append("t", "p", timeless.array, timeless.schema));
    OK(stream.append("t", "p", made.array, made.schema, &span));
    CHECK(released == 2 && made.array.release == nullptr && made.schema.release == nullptr && span.end == 2);
    REFUSED(Code::argument, "", stream.append("t", "p", made.array, made.schema));

    plattli::Query query;
    query.topic = "t";
    const auto found = stream.query(query).rows.read();
    CHECK((found.column<std::string>("name") == Texts{"one", "two"}) && found.column<float>("pressure")[1] == 2.0f);
    for (const ArrowBatch& batch : found.batches()) {
        OK(stream.append("copy", "p", batch, &span));
        CHECK(batch.array().release != nullptr && batch.size() == 2);
    }
    query.topic = "copy";
    CHECK((stream.query(query).rows.read().column<std::int64_t>("time") == std::vector<std::int64_t>{100, 200}));
}
