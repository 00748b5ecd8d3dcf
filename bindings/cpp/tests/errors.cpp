// Every code that the library can return is produced, and seen as a status or an exception.
#include "check.hpp"

#include <cstring>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using plattli::Code;
using plattli::Reader;
using plattli::Writer;

/// No file of this process may grow beyond `bytes`: what a full disk looks like.
static void file_limit(rlim_t bytes) {
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_FSIZE, &limit) == 0);
    limit.rlim_cur = bytes;
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
}

TEST(a_status_knows_its_code_name_and_text) {
    const plattli::Status fine;
    CHECK(fine && fine.ok() && fine == Code::ok && std::string(fine.text()).empty());
    fine.check();
    Writer run(path("status"));
    const plattli::Status status = run.write("", 1.0);
    CHECK(!status && status == Code::argument && status != Code::ok);
    CHECK(std::strcmp(status.name(), "PLATTLI_ERR_ARGUMENT") == 0);
    CHECK(std::strstr(status.text(), "empty") != nullptr && std::strcmp(status.text(), plattli_last_error()) == 0);
    char copy[200];
    CHECK(plattli_last_error_copy(copy, sizeof copy) == std::strlen(status.text()));
    try {
        status.check();
        CHECK(false);
    } catch (const std::runtime_error& thrown) {
        const auto& error = dynamic_cast<const plattli::Error&>(thrown);
        CHECK(error.code() == Code::argument && std::string(error.what()) == copy);
        CHECK(std::strcmp(error.name(), "PLATTLI_ERR_ARGUMENT") == 0);
    }
}

TEST(codes_have_the_names_and_numbers_of_c) {
    const char* const names[] = {"OK", "ERR_ARGUMENT", "ERR_TYPE", "ERR_STATE", "ERR_NOT_FOUND", "ERR_EXISTS",
                                 "ERR_BUSY", "ERR_CORRUPT", "ERR_IO", "ERR_OVERLOADED", "ERR_BUFFER", "ERR_FORKED",
                                 "ERR_UNSUPPORTED", "ERR_INTERNAL"};
    for (std::int32_t code = 0; code < 14; ++code)
        CHECK(std::string("PLATTLI_") + names[code] == plattli::Status(code).name());
    CHECK(static_cast<int>(Code::internal) == 13 && static_cast<int>(Code::unsupported) == 12);
    CHECK(std::strcmp(plattli::Status(99).name(), "PLATTLI_ERR_UNKNOWN") == 0);
}

TEST(type_and_state_are_refused_and_the_step_goes_on) {
    Writer run(path("refused"));
    OK(run.write("x", 1));
    REFUSED(Code::state, "\"x\"", run.write("x", 2));
    REFUSED(Code::state, "\"x\"", run.end_step());
    REFUSED(Code::type, "\"x\"", run.write("x", "text"));
    OK(run.write("y", 1.0));
    REFUSED(Code::type, "\"x\"", run.end_step());
    CHECK(Reader(path("refused")).rows("y") == 1);
}

TEST(a_second_writer_is_busy) {
    const Writer run(path("busy"));
    THROWS(Code::busy, "busy", Writer(path("busy")));
}

TEST(a_finished_run_exists) {
    Writer run(path("exists"));
    OK(run.write("x", 1));
    OK(run.end_step());
    run.finish();
    THROWS(Code::exists, "exists", Writer(path("exists")));
    plattli::WriterOptions options;
    options.reopen_finished = true;
    CHECK(Writer(path("exists"), options).step() == 1);
}

TEST(broken_files_are_corrupt) {
    CHECK(mkdir(path("corrupt").c_str(), 0777) == 0 && mkdir(path("corrupt/plattli").c_str(), 0777) == 0);
    write_file(path("corrupt/plattli/plattli.json"), "{");
    THROWS(Code::corrupt, "plattli.json", Writer(path("corrupt")));
    THROWS(Code::corrupt, "plattli.json", Reader(path("corrupt")));
}

TEST(broken_lines_are_warnings_unless_strict) {
    {
        Writer run(path("broken"));
        OK(run.write("x", 1));
        OK(run.end_step());
    }
    write_file(path("broken/plattli/hot.jsonl"), "{\"step\": 0, \"x\": 1}\nnonsense\n{\"step\": 1, \"x\": 2}\n");
    Reader reader(path("broken"));
    CHECK(reader.warnings().size() == 1 && reader.rows("x") == 2);
    plattli::ReaderOptions strict;
    strict.strict = true;
    THROWS(Code::corrupt, "hot.jsonl", Reader(path("broken"), strict));
    plattli::WriterOptions strict_writer;
    strict_writer.strict = true;
    THROWS(Code::corrupt, "hot.jsonl", Writer(path("broken"), strict_writer));
    Writer run(path("broken"));
    CHECK(run.warnings().size() == 1 && run.stats().warnings == 1);
}

TEST(a_full_disk_is_io_and_reported_by_close) {
    write_file(path("file"), "");
    THROWS(Code::io, "file", Writer(path("file/run")));
    plattli::WriterOptions options;
    options.on_io_error = plattli::OnIoError::fail;
    Writer run(path("full"), options);
    OK(run.write("x", 0.0));
    OK(run.end_step());
    file_limit(25);
    OK(run.write("x", 1.0));
    REFUSED(Code::io, "hot.jsonl", run.end_step());
    file_limit(RLIM_INFINITY);
    REFUSED(Code::io, "hot.jsonl", run.flush());
    THROWS(Code::io, "hot.jsonl", run.check());
    THROWS(Code::io, "hot.jsonl", run.close());
    CHECK(!run.is_open()); /* released all the same */
    CHECK(Reader(path("full")).rows("x") >= 1);
}

TEST(an_overloaded_writer_sheds_steps) {
    plattli::WriterOptions options;
    options.overload = plattli::Overload::shed;
    options.hotsize = 1;
    Writer run(path("shed"), options);
    const auto x = run.metric<std::uint32_t>("x");
    std::uint32_t step = 0;
    plattli::Status status;
    while (status.ok() && step < 2000000) {
        OK(run.set_step(step));
        OK(run.write(x, step));
        status = run.end_step();
        step += 1 + step % 7; /* irregular steps keep compaction busy */
    }
    CHECK(status == Code::overloaded && run.stats().shed_steps == 1);
}

TEST(a_forked_child_is_refused) {
    Writer run(path("forked"));
    OK(run.write("x", 1));
    OK(run.end_step());
    OK(run.write("x", 2));
    const Reader reader(path("forked"));
    const pid_t child = fork();
    if (child == 0) {
        const bool refused = run.write("y", 3) == Code::forked && run.end_step() == Code::forked;
        bool thrown = false;
        try {
            run.close();
        } catch (const plattli::Error& error) {
            thrown = error.code() == Code::forked;
        }
        bool unread = false;
        try {
            reader.rows("x");
        } catch (const plattli::Error& error) {
            unread = error.code() == Code::forked;
        }
        // Another program, because valgrind would hold the memory of the parent's threads against this one.
        const char* const verdict = refused && thrown && unread && !run.is_open() ? "true" : "false";
        execlp(verdict, verdict, static_cast<char*>(nullptr));
        _exit(2);
    }
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    OK(run.end_step());
    CHECK(Reader(path("forked")).rows("x") == 2);
}
