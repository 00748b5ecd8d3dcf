// Programs that must not compile: with MISUSE=n the n-th of them is part of this one. The comment beside the number
// is what the compiler must complain of. Without MISUSE the file compiles.
#include <plattli.hpp>

#include <atomic>

enum Colour { red };

int misuse(plattli::Writer& run, const plattli::Reader& reader, plattli::State& state, plattli::Journal& journal,
           plattli::Stream& stream, const plattli::ArrowBatch& batch, const plattli::Query& query) {
    const std::vector<std::int64_t> time(3);
    const std::vector<double> x(3);
    const std::vector<float> single(3);
    const std::vector<int> whole(3);
    run.write("colour", static_cast<int>(red));
    reader.rows("colour");
    state.set("colour", static_cast<int>(red));
    journal.append("colour");
    stream.append("t", "p", time, {{"x", x}});
    stream.query(query);
    batch.column("x").copy<double>();
#if MISUSE == 1  // deleted
    double residual = 0; run.write("x", &residual);  // a pointer is not true
#elif MISUSE == 2  // deleted
    run.write("x", nullptr);  // nor is nullptr
#elif MISUSE == 3  // deleted
    run.write("x", 1.0L);  // digits would be lost
#elif MISUSE == 4  // deleted
    run.write("x", 'c');  // a character: text or number?
#elif MISUSE == 5  // deleted
    run.write("x", red);  // an unscoped enumeration would become a number
#elif MISUSE == 6  // deleted
    std::atomic<double> shared{1.0}; run.write("x", shared);  // what converts to a number only if asked
#elif MISUSE == 7  // deleted
    run.write("x", std::vector<double>(3));  // one value per step
#elif MISUSE == 8  // deleted
    run.write("x", L'c');  // a wide character
#elif MISUSE == 9  // deleted
    run.write(nullptr, 1.0);  // a name is text
#elif MISUSE == 10  // deleted
    run.write(run.metric<int>("n"), 1.5);  // a metric of integers takes no fraction
#elif MISUSE == 11  // deleted
    run.write(run.metric<int>("n"), std::int64_t{1});  // nor a wider integer
#elif MISUSE == 12  // deleted
    run.write(run.metric<std::uint32_t>("n"), 1);  // nor a sign where there is none
#elif MISUSE == 13  // deleted
    run.write(run.metric<float>("x"), 1.0);  // f32 would round
#elif MISUSE == 14  // deleted
    run.write(run.metric<double>("x"), std::int64_t{1});  // nor would every 64-bit integer be a double
#elif MISUSE == 15  // deleted
    run.write(run.metric<bool>("on"), 1);  // 1 is not true
#elif MISUSE == 16  // deleted
    run.write(run.metric<int>("n"), true);  // true is not 1
#elif MISUSE == 17  // deleted
    run.write(run.metric<plattli::Json>("j"), "{}");  // text is not JSON
#elif MISUSE == 18  // a metric holds
    run.metric<std::vector<double>>("v");  // metrics hold values, not objects
#elif MISUSE == 19  // a metric holds
    run.metric<long double>("v");  // nor long double
#elif MISUSE == 20  // a row holds
    run.row<int>({"a", "b"});  // rows hold floats
#elif MISUSE == 21  // deleted
    plattli::Writer copy(run);  // one owner
#elif MISUSE == 22  // deleted
    plattli::Writer other; other = run;  // also after the fact
#elif MISUSE == 23  // deleted|no match|no viable
    plattli::Reader copy(reader);  // one owner of a reader
#elif MISUSE == 24  // deleted
    plattli::Writer none(nullptr);  // a directory is text
#elif MISUSE == 25  // conver
    plattli::Writer implied = "heat";  // opening is said, not implied
#elif MISUSE == 26  // private
    plattli::Metric<double> made(3);  // an id is given out, not made up
#elif MISUSE == 27  // deleted
    reader.column("x").values<double>();  // the values would be gone with their column
#elif MISUSE == 28  // deleted
    reader.column("x").steps();  // as would the steps
#elif MISUSE == 29  // deleted
    reader.column("x").json(0);  // and the text
#elif MISUSE == 30  // deleted
    reader.table({"x"}).column(0);  // and the columns of a table
#elif MISUSE == 31  // numbers are read
    reader.read<std::string>("note");  // JSON is not read as strings
#elif MISUSE == 32  // read in place
    int n[3]; reader.read_into("x", n, nullptr, 3);  // nor are integers converted in place
#elif MISUSE == 33  // conver
    int status = run.end_step(); return status;  // a status is no number
#elif MISUSE == 34  // deleted
    double value = 0; state.set("x", &value);  // a pointer is not true
#elif MISUSE == 35  // deleted
    state.set("x", nullptr);  // nor is nullptr
#elif MISUSE == 36  // deleted
    state.set("x", 'c');  // a character: text or number?
#elif MISUSE == 37  // deleted
    state.set("x", red);  // an unscoped enumeration would become a number
#elif MISUSE == 38  // deleted
    state.set("x", 1.0L);  // digits would be lost
#elif MISUSE == 39  // deleted
    state.set(nullptr, 1);  // a key is text
#elif MISUSE == 40  // conver|no viable
    state.replace("{}");  // text is not JSON
#elif MISUSE == 41  // a key is read
    state.get<long double>("x");  // a key has a type that JSON has
#elif MISUSE == 42  // a key is read
    state.get<const char*>("x");  // text belongs to a string
#elif MISUSE == 43  // a key is read
    state.get<char>("x");  // a character: text or number?
#elif MISUSE == 44  // deleted
    plattli::State none("run", nullptr);  // a name is text
#elif MISUSE == 45  // conver
    plattli::Journal implied = "run/journal";  // opening is said, not implied
#elif MISUSE == 46  // deleted
    plattli::StateScheduler().add(plattli::State("run", "restart"));  // a state that closes at once
#elif MISUSE == 47  // deleted
    journal.append(7);  // an event is text
#elif MISUSE == 48  // deleted
    journal.append(0);  // and 0 is no pointer to text
#elif MISUSE == 49  // deleted
    journal.append('c');  // nor is a character
#elif MISUSE == 50  // deleted
    journal.append(nullptr);  // nor is nullptr
#elif MISUSE == 51  // deleted
    journal.read()[0];  // the text would be gone with its events
#elif MISUSE == 52  // deleted
    plattli::Journal copy(journal);  // one owner
#elif MISUSE == 53  // deleted
    plattli::State copy(state);  // one owner
#elif MISUSE == 54  // deleted
    plattli::Stream copy(stream);  // one owner
#elif MISUSE == 55  // conver|no match|no viable
    stream.append("t", "p", time, {{"x", single}});  // a column is double
#elif MISUSE == 56  // conver|no match|no viable
    stream.append("t", "p", whole, {{"x", x}});  // times are 64-bit integers
#elif MISUSE == 57  // conver|no match|no viable
    stream.append("t", "p", x, {{"x", x}});  // and no reals
#elif MISUSE == 58  // conver|no match|no viable
    stream.append("t", "p", 3, {{"x", x}});  // nor one alone
#elif MISUSE == 59  // deleted
    plattli::Stream none(nullptr);  // a directory is text
#elif MISUSE == 60  // deleted
    stream.query(query).rows.next().value().column("x");  // a column looks at its batch
#elif MISUSE == 61  // numbers can be looked at
    batch.column("x").values<bool>();  // truth values are bits
#elif MISUSE == 62  // a column is copied as
    batch.column("x").copy<const char*>();  // text belongs to a string
#elif MISUSE == 63  // a column is copied as
    batch.column("x").copy<char>();  // a character: text or number?
#elif MISUSE == 64  // conver
    const plattli::Query wrong = "t"; stream.query(wrong);  // a query has members
#elif MISUSE == 65  // conver|narrowing
    plattli::Query late; late.time = plattli::TimeRange{0.5, 1.5};  // times are whole
#elif MISUSE == 66  // deleted
    const plattli::ArrowBatch copy(batch);  // one owner
#endif
    return 0;
}
