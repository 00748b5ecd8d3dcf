// State: what is kept, in which types, compaction, the scheduler, what goes wrong.
#include "check.hpp"

#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>
#include <sys/resource.h>
#include <sys/wait.h>
#include <type_traits>
#include <unistd.h>

using plattli::Code;
using plattli::Json;
using plattli::State;
using plattli::StateOptions;

static_assert(!std::is_copy_constructible_v<State> && std::is_nothrow_move_constructible_v<State>, "one owner");
static_assert(noexcept(std::declval<State&>().open("dir", "name")));

static std::string content(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

/// A state of three keys, closed.
static std::string sample(const std::string& name) {
    State state(path(name), "s");
    state.set("phase", "solve");
    state.set("step", 100);
    state.set("time", 0.5);
    state.close();
    return path(name);
}

TEST(what_was_set_is_there_after_opening_again) {
    sample("state-again");
    const State state(path("state-again"), std::string("s"));
    CHECK(state.size() == 3 && (state.keys() == std::vector<std::string>{"phase", "step", "time"}));
    CHECK(state.get<std::string>("phase") == "solve" && state.get<int>("step") == 100 && state.get<double>("time") == 0.5);
    CHECK(state.snapshot() == "{\"phase\":\"solve\",\"step\":100,\"time\":0.5}");
    CHECK(state.contains("step") && !state.contains("other"));
    CHECK(state.find<int>("other") == std::nullopt && state.find<int>("step") == 100);
    CHECK(state.get_or("other", 7) == 7 && state.get_or("step", 7) == 100);
    CHECK(state.get_or("other", "none") == "none" && state.get_or("phase", "none") == "solve");
    THROWS(Code::not_found, "other", state.get<int>("other"));
    THROWS(Code::not_found, "other", state.json("other"));
}

TEST(each_type_is_kept_as_what_it_is) {
    State state(path("state-types"), "s");
    const double exact[] = {0.1, -0.0, 1e300, 5e-324, 3.0, 1e22, std::numeric_limits<double>::max()};
    for (const double value : exact) {
        state.set("real", value);
        const double back = state.get<double>("real");
        CHECK(back == value && std::signbit(back) == std::signbit(value));
    }
    state.set("real", 3.0);
    CHECK(state.json("real") == "3.0");
    state.set("single", 0.1f);
    CHECK(state.get<float>("single") == 0.1f && state.get<double>("single") == static_cast<double>(0.1f));
    state.set("least", std::numeric_limits<std::int64_t>::min());
    CHECK(state.get<long long>("least") == std::numeric_limits<std::int64_t>::min());
    state.set("most", std::numeric_limits<std::uint64_t>::max());
    CHECK(state.get<std::uint64_t>("most") == std::numeric_limits<std::uint64_t>::max());
    state.set("small", std::int8_t{-5});
    CHECK(state.get<signed char>("small") == -5 && state.json("small") == "-5" && state.get<double>("small") == -5.0);
    state.set("on", true);
    state.set("off", false);
    CHECK(state.get<bool>("on") && !state.get<bool>("off") && state.json("on") == "true");
    state.set("literal", "a \"b\" \\ \n\t\x01 \u00e9");
    CHECK(state.get<std::string>("literal") == "a \"b\" \\ \n\t\x01 \u00e9");
    state.set("string", std::string("NUL\0inside", 10));
    CHECK(state.get<std::string>("string") == std::string("NUL\0inside", 10));
    state.set("view", std::string_view("view of more").substr(0, 4));
    CHECK(state.get<std::string>("view") == "view");
    state.set("empty", std::string_view());
    CHECK(state.get<std::string>("empty").empty() && state.json("empty") == "\"\"");
    state.set("json", Json{"{\"a\": [1, null]}"});
    CHECK(state.json("json") == "{\"a\":[1,null]}");
    state.set("escaped", Json{R"("\u0041\u00e9\u20ac\ud83d\ude00\b\f\n\r\t\/\"\\")"});
    CHECK(state.get<std::string>("escaped") == "A\u00e9\u20ac\U0001f600\b\f\n\r\t/\"\\");
    state.set("number", Json{"1E2"});
    CHECK(state.get<double>("number") == 100.0);
}

TEST(a_value_that_is_no_such_type_is_refused) {
    State state(path("state-refused"), "s");
    state.set("text", "1");
    state.set("real", 1.5);
    state.set("whole", 1.0);
    state.set("large", 300);
    state.set("minus", -1);
    state.set("on", true);
    state.set("huge", 1e300);
    state.set("fine", 0.1);
    state.set("null", Json{"null"});
    THROWS(Code::type, "text", state.get<int>("text"));
    THROWS(Code::type, "text", state.get<double>("text"));
    THROWS(Code::type, "text", state.get<bool>("text"));
    THROWS(Code::type, "real", state.get<int>("real"));
    THROWS(Code::type, "1.0", state.get<int>("whole"));
    THROWS(Code::type, "real", state.get<std::string>("real"));
    THROWS(Code::type, "large", state.get<std::int8_t>("large"));
    THROWS(Code::type, "minus", state.get<unsigned>("minus"));
    THROWS(Code::type, "on", state.get<int>("on"));
    THROWS(Code::type, "huge", state.get<float>("huge"));
    THROWS(Code::type, "fine", state.get<float>("fine"));
    THROWS(Code::type, "null", state.get<double>("null"));
    THROWS(Code::type, "null", state.find<std::string>("null"));
    THROWS(Code::type, "null", state.get_or("null", 1));
    THROWS(Code::argument, "NaN", state.set("nan", std::numeric_limits<double>::quiet_NaN()));
    THROWS(Code::argument, "infinity", state.set("inf", -std::numeric_limits<float>::infinity()));
    THROWS(Code::argument, "JSON", state.set("json", Json{"nonsense"}));
    THROWS(Code::argument, "", state.set("utf8", "\xff"));
    THROWS(Code::argument, "NULL", state.set("null", static_cast<const char*>(nullptr)));
    THROWS(Code::argument, "key", state.set("", 1));
    THROWS(Code::argument, "", state.set(std::string("a\0b", 3), 1));
    THROWS(Code::argument, "object", state.replace(Json{"[1]"}));
    CHECK(state.size() == 9);
}

TEST(keys_are_deleted_and_the_whole_is_replaced) {
    State state(sample("state-replaced"), "s");
    state.erase("phase");
    state.erase("never there");
    CHECK(!state.contains("phase") && state.size() == 2);
    state.replace(Json{R"({"a": 1, "b": "two"})"});
    CHECK(state.snapshot() == R"({"a":1,"b":"two"})");
    const auto entries = state.entries();
    CHECK(entries.size() == state.entry_count() && entries.size() == 6);
    CHECK(entries[3].find("\"op\":\"DELETE\",\"key\":\"phase\"") != std::string::npos);
}

TEST(compaction_leaves_one_entry) {
    StateOptions options;
    options.threshold = 1000;
    options.backups = 1;
    options.snapshot = true;
    options.sync_interval = std::chrono::milliseconds(50);
    State state(path("state-compact"), "s", options);
    for (int i = 0; i < 100; ++i) state.set("step", i);
    CHECK(state.log_size() > 1000 && state.needs_compaction() && state.needs_compaction(1000));
    CHECK(!state.needs_compaction(std::uint64_t{1} << 30));
    state.compact();
    CHECK(state.entry_count() == 1 && !state.needs_compaction() && state.get<int>("step") == 99);
    CHECK(content(path("state-compact/s.json")) == "{\n  \"step\": 99\n}\n");
    state.close();
    CHECK(!state.is_open());
    state.close();
    CHECK(State(path("state-compact"), "s").get<int>("step") == 99);
}

TEST(a_scheduler_compacts_its_states) {
    StateOptions options;
    options.threshold = 1;
    options.sync = plattli::Sync::none;
    State a(path("state-scheduled"), "a", options), b(path("state-scheduled"), "b", options);
    const auto fill = [](State& state) {
        for (int i = 0; i < 10; ++i) state.set("step", i);
    };
    fill(a);
    fill(b);
    plattli::StateScheduler scheduler;
    scheduler.add(a);
    scheduler.add(a);
    scheduler.add(b);
    scheduler.compact_all();
    CHECK(a.entry_count() == 1 && b.entry_count() == 1);
    scheduler.remove(b);
    fill(a);
    fill(b);
    scheduler.compact_all();
    CHECK(a.entry_count() == 1 && b.entry_count() == 11);
    plattli::StateScheduler often(std::chrono::milliseconds(1));
    often.add(b);
    often.start();
    often.start();
    while (b.entry_count() != 1) usleep(1000);
    often.stop();
    often.stop();
    fill(b);
    b.close();
    often.compact_all();
    THROWS(Code::argument, "millisecond", plattli::StateScheduler(std::chrono::milliseconds(0)));
    StateOptions look;
    look.read_only = true;
    const State reader(path("state-scheduled"), "a", look);
    THROWS(Code::state, "read", scheduler.add(reader));
}

TEST(a_reader_sees_what_the_writer_does) {
    State writer(sample("state-read"), "s");
    StateOptions options;
    options.read_only = true;
    State reader(path("state-read"), "s", options);
    writer.set("step", 101);
    CHECK(reader.get<int>("step") == 100);
    reader.refresh();
    CHECK(reader.get<int>("step") == 101);
    THROWS(Code::state, "read", reader.set("step", 0));
    THROWS(Code::not_found, "", State(path("state-read"), "nothing", options));
}

TEST(a_second_writer_of_a_state_is_busy) {
    const State first(sample("state-busy"), "s");
    THROWS(Code::busy, "writ", State(path("state-busy"), "s"));
    StateOptions options;
    options.lock = false;
    CHECK(State(path("state-busy"), "s", options).size() == 3);
}

TEST(a_damaged_log_is_corrupt_unless_salvaged) {
    sample("state-damaged");
    const std::string log = content(path("state-damaged/s.log"));
    const auto middle = log.find('\n') + 1;
    write_file(path("state-damaged/s.log"), log.substr(0, middle) + "nonsense\n" + log.substr(log.find('\n', middle) + 1));
    THROWS(Code::corrupt, "s.log", State(path("state-damaged"), "s"));
    StateOptions options;
    options.salvage = true;
    const State state(path("state-damaged"), "s", options);
    CHECK(state.lost() == 1 && state.lost() != State::lost_unknown && state.get<std::string>("phase") == "solve");
    CHECK(State(sample("state-whole"), "s").lost() == 0);
}

TEST(a_state_that_cannot_be_opened_says_so) {
    State state;
    write_file(path("state-file"), "");
    REFUSED(Code::io, "state-file", state.open(path("state-file/dir"), "s"));
    REFUSED(Code::argument, "name", state.open(path("state-name"), "a/b"));
    StateOptions options;
    options.sync_interval = std::chrono::milliseconds(-1);
    REFUSED(Code::argument, "negative", state.open(path("state-name"), "s", options));
    CHECK(!state.is_open() && state.handle() == nullptr);
    THROWS(Code::argument, "NULL", state.set("x", 1));
    THROWS(Code::argument, "NULL", state.size());
}

TEST(a_full_disk_refuses_a_key_and_the_state_is_what_it_was) {
    State state(sample("state-full"), "s");
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_FSIZE, &limit) == 0);
    limit.rlim_cur = state.log_size() + 3;
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    THROWS(Code::io, "s.log", state.set("step", 101));
    limit.rlim_cur = RLIM_INFINITY;
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    CHECK(state.get<int>("step") == 100);
    state.set("step", 101);
    CHECK(state.get<int>("step") == 101);
}

TEST(a_state_of_a_parent_is_refused_in_a_child) {
    State state(sample("state-forked"), "s");
    const pid_t child = fork();
    if (child == 0) {
        int refused = 0;
        try {
            state.set("step", 1);
        } catch (const plattli::Error& error) {
            refused += error.code() == Code::forked;
        }
        try {
            state.close();
        } catch (const plattli::Error& error) {
            refused += error.code() == Code::forked;
        }
        const char* const verdict = refused == 2 ? "true" : "false";
        execlp(verdict, verdict, static_cast<char*>(nullptr));
        _exit(2);
    }
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    state.set("step", 102);
    CHECK(state.get<int>("step") == 102);
}
