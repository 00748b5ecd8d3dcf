// What C++ sees of a feature that was left out of the library, and of a bug in it: PLATTLI_TEST_PANIC=writer makes one.
#include <cstdio>
#include <plattli.hpp>

namespace {

template <class Body>
bool refused(plattli::Code code, const char* part, Body body) {
    try {
        body();
    } catch (const plattli::Error& error) {
        if (error.code() == code && std::string(error.what()).find(part) != std::string::npos) return true;
        std::fprintf(stderr, "broken.cpp: %s\n", error.what());
    }
    return false;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) return 2;
    plattli::ImportOptions options;
    options.skip_columns = {"x.*"};
    if (!refused(plattli::Code::unsupported, "patterns", [&] { plattli::import_jsonl(argv[1], argv[2], options); })) return 3;
    if (plattli::import_jsonl(argv[1], argv[2]).metrics != 1) return 4;

    if (!refused(plattli::Code::unsupported, "`stream`", [&] { plattli::Stream stream(argv[3]); })) return 9;
    if (!refused(plattli::Code::unsupported, "`stream`", [&] { plattli::Reader(argv[2]).arrow(); })) return 10;

    plattli::Writer run(argv[3]);
    if (!refused(plattli::Code::internal, "bug", [&] { run.write("x", 1.0).check(); })) return 5;
    if (!refused(plattli::Code::internal, "broken", [&] { run.end_step().check(); })) return 6;
    if (plattli::Reader(argv[2]).metrics().size() != 1) return 7;  // other handles are sound
    if (!refused(plattli::Code::internal, "broken", [&] { run.close(); })) return 8;
}
