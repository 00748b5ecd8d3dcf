// What the C++ tests share: checks that say what they found, a scratch folder, and the list of tests.
#ifndef CHECK_HPP
#define CHECK_HPP

#include <plattli.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>

/// A test registers itself: `TEST(a_writer_is_closed_by_its_destructor) { … }`.
struct Test {
    Test(const char* name, void (*run)());
};
#define TEST(name)                              \
    static void name();                         \
    static const Test test_of_##name(#name, name); \
    static void name()

[[noreturn]] inline void failed(const char* file, int line, const std::string& what) {
    std::fprintf(stderr, "%s:%d: %s\n  last error: %s\n", file, line, what.c_str(), plattli_last_error());
    std::exit(1);
}

inline void expect(const char* file, int line, const char* call, plattli::Code wanted, plattli::Code found,
                   const std::string& mentions, const std::string& text) {
    const auto name = [](plattli::Code code) { return plattli_status_name(static_cast<std::int32_t>(code)); };
    if (found != wanted) failed(file, line, std::string(call) + ": " + name(found) + " instead of " + name(wanted));
    if (text.find(mentions) == std::string::npos)
        failed(file, line, std::string(call) + ": \"" + text + "\" does not mention \"" + mentions + "\"");
}

#define CHECK(condition) ((condition) ? (void)0 : failed(__FILE__, __LINE__, #condition))
/// The call returns success.
#define OK(call) expect(__FILE__, __LINE__, #call, plattli::Code::ok, (call).code(), "", "")
/// The call returns this error, and its text mentions something.
#define REFUSED(wanted, mentions, call) expect_status(__FILE__, __LINE__, #call, wanted, mentions, (call))
/// The call throws this error, and its text mentions something.
#define THROWS(wanted, mentions, call) \
    expect_thrown(__FILE__, __LINE__, #call, wanted, mentions, [&] { static_cast<void>(call); })

inline void expect_status(const char* file, int line, const char* call, plattli::Code wanted, const char* mentions,
                          plattli::Status status) {
    expect(file, line, call, wanted, status.code(), mentions, status.text());
}

template <class Call>
void expect_thrown(const char* file, int line, const char* text, plattli::Code wanted, const char* mentions, Call call) {
    try {
        call();
    } catch (const plattli::Error& error) {
        return expect(file, line, text, wanted, error.code(), mentions, error.what());
    }
    failed(file, line, std::string(text) + ": throws nothing");
}

/// SCRATCH/name.
std::string path(const std::string& name);
bool exists(const std::string& file);
void write_file(const std::string& file, const std::string& text);

#endif
