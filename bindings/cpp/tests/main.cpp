// Runs the tests of all files that are linked with it: `PROGRAM SCRATCH`.
#include "check.hpp"

#include <csignal>
#include <fstream>
#include <sys/stat.h>
#include <utility>
#include <vector>

static std::string scratch = ".";

static std::vector<std::pair<const char*, void (*)()>>& tests() {
    static std::vector<std::pair<const char*, void (*)()>> list;
    return list;
}

Test::Test(const char* name, void (*run)()) { tests().emplace_back(name, run); }

std::string path(const std::string& name) { return scratch + "/" + name; }

bool exists(const std::string& file) {
    struct stat about;
    return ::stat(file.c_str(), &about) == 0;
}

void write_file(const std::string& file, const std::string& text) {
    std::ofstream out(file, std::ios::binary);
    out << text;
    out.close();
    CHECK(!out.fail());
}

int main(int argc, char** argv) {
    if (argc > 1) scratch = argv[1];
    std::signal(SIGXFSZ, SIG_IGN);
    for (const auto& [name, run] : tests()) {
        std::fprintf(stderr, "  %s\n", name);
        try {
            run();
        } catch (const std::exception& error) {
            failed(name, 0, std::string("throws ") + error.what());
        }
    }
    std::printf("%zu tests passed\n", tests().size());
}
