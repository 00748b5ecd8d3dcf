// Journal: events are appended, stored, read, followed, compacted; what goes wrong.
#include "check.hpp"

#include <cstring>
#include <sys/resource.h>
#include <sys/wait.h>
#include <type_traits>
#include <unistd.h>

using plattli::Code;
using plattli::Journal;
using plattli::JournalOptions;
using Texts = std::vector<std::string>;

static_assert(!std::is_copy_constructible_v<Journal> && std::is_nothrow_move_constructible_v<Journal>, "one owner");
static_assert(noexcept(std::declval<Journal&>().append("event")) && noexcept(std::declval<Journal&>().flush()));

static Texts texts(const plattli::Events& events) {
    Texts texts;
    for (const plattli::Event& event : events) texts.emplace_back(event.text);
    return texts;
}

TEST(events_of_two_writers_are_read_in_order) {
    Journal a(path("journal-two")), b(path("journal-two"));
    OK(a.append("one"));
    OK(a.flush());
    OK(b.append(std::string("two")));
    OK(b.append(plattli::Json{"{\"n\":3}"}));
    CHECK(b.pending() == 2 && a.pending() == 0);
    CHECK((texts(a.read()) == Texts{"one"}) && (texts(b.read()) == Texts{"one", "two", "{\"n\":3}"}));
    const auto events = b.read();
    CHECK(events.size() == 3 && !events.empty() && events[0].text == "one");
    CHECK(events[0].number > 0 && events[1].number == 0 && (*events.begin()).text == "one");
    THROWS(Code::not_found, "3", events[3]);
    b.close();
    CHECK(!b.is_open() && a.file_count() == 2 && a.read().size() == 3);
    b.close();
}

TEST(a_threshold_stores_and_a_destructor_too) {
    JournalOptions options;
    options.threshold = 2;
    options.durability = plattli::Durability::process;
    {
        Journal journal(path("journal-threshold"), options);
        OK(journal.append(std::string_view("one, and more").substr(0, 3)));
        CHECK(journal.file_count() == 0);
        OK(journal.append("two"));
        CHECK(journal.file_count() == 1 && journal.pending() == 0);
        OK(journal.append("three"));
    }
    CHECK((texts(Journal(path("journal-threshold")).read()) == Texts{"one", "two", "three"}));
}

TEST(a_journal_that_grows_is_followed) {
    Journal journal(path("journal-followed"));
    CHECK(journal.follow().empty());
    OK(journal.append("one"));
    OK(journal.flush());
    auto events = journal.follow();
    CHECK((texts(events) == Texts{"one"}) && events.next() == events[0].number + 1);
    CHECK(journal.follow(events.next()).empty());
    OK(journal.append("two"));
    OK(journal.flush());
    events = journal.follow(events.next());
    CHECK((texts(events) == Texts{"two"}));
}

TEST(compaction_makes_one_object) {
    JournalOptions options;
    options.threshold = 0;
    options.max_object_bytes = 1000;
    options.lease_expiry = std::chrono::minutes(1);
    Journal journal(path("journal-compact"), options);
    CHECK(journal.compact().merged == 0);
    for (const char* event : {"one", "two", "three"}) OK(journal.append(event));
    CHECK(journal.file_count() == 3);
    const auto stats = journal.compact();
    CHECK(stats.merged == 3 && stats.events == 3 && stats.failed_deletes == 0 && stats.objects == 1);
    CHECK(std::strncmp(stats.key, "batch_", 6) == 0 && exists(path("journal-compact/") + stats.key));
    CHECK(journal.file_count() == 1 && (texts(journal.read()) == Texts{"one", "two", "three"}));
    OK(journal.append("four"));
    write_file(path("journal-compact/batch_compacting.lease"), "somebody");
    THROWS(Code::busy, "lease", journal.compact());
}

TEST(a_discarded_journal_says_what_is_lost) {
    Journal journal("memory://discarded");
    OK(journal.append("kept"));
    OK(journal.flush());
    OK(journal.append("lost"));
    OK(journal.append("lost too"));
    CHECK(journal.discard() == 2 && !journal.is_open());
    CHECK((texts(Journal("memory://discarded").read()) == Texts{"kept"}));
}

TEST(events_that_cannot_be_kept_are_refused) {
    Journal journal("memory://refused");
    REFUSED(Code::argument, "newline", journal.append("two\nlines"));
    REFUSED(Code::argument, "empty", journal.append(""));
    REFUSED(Code::argument, "", journal.append(std::string_view()));
    REFUSED(Code::argument, "NULL", journal.append(static_cast<const char*>(nullptr)));
    THROWS(Code::argument, "newline", journal.check());
    journal.check();
    REFUSED(Code::argument, "NULL", Journal().append("event"));
    THROWS(Code::argument, "NULL", Journal().read());
    THROWS(Code::argument, "", Journal(""));
    THROWS(Code::argument, "", Journal("ftp://host"));
    JournalOptions options;
    options.lease_expiry = std::chrono::milliseconds(-1);
    REFUSED(Code::argument, "negative", journal.open("memory://refused", options));
}

TEST(what_cannot_be_stored_waits_and_is_stored_later) {
    write_file(path("journal-file"), "");
    JournalOptions options;
    options.max_object_bytes = 5;
    Journal journal(path("journal-file/in"), options);
    OK(journal.append("waits"));
    REFUSED(Code::io, "journal-file", journal.flush());
    REFUSED(Code::overloaded, "", journal.append("too much to wait"));
    CHECK(journal.pending() == 1);
    CHECK(unlink(path("journal-file").c_str()) == 0);
    OK(journal.flush());
    CHECK((texts(journal.read()) == Texts{"waits"}));
    write_file(path("journal-other"), "");
    Journal lost(path("journal-other/in"));
    OK(lost.append("lost"));
    THROWS(Code::io, "1 event", lost.close());
    CHECK(!lost.is_open());
}

TEST(a_journal_of_a_parent_is_refused_in_a_child) {
    Journal journal(path("journal-forked"));
    OK(journal.append("parent"));
    const pid_t child = fork();
    if (child == 0) {
        bool refused = journal.append("child") == Code::forked && journal.flush() == Code::forked;
        bool thrown = false;
        try {
            journal.close();
        } catch (const plattli::Error& error) {
            thrown = error.code() == Code::forked;
        }
        const char* const verdict = refused && thrown ? "true" : "false";
        execlp(verdict, verdict, static_cast<char*>(nullptr));
        _exit(2);
    }
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    OK(journal.flush());
    CHECK((texts(journal.read()) == Texts{"parent"}));
}
