#include <plattli.hpp>

extern "C" std::size_t second_count(const unsigned char* text, std::size_t len);

int main(int argc, char** argv) {
    if (argc < 2 || second_count(reinterpret_cast<const unsigned char*>("abcab"), 5) != 3) return 2;
    plattli::Writer run(argv[1]);
    run.write("x", 1.0);
    run.end_step();
    run.finish();
    try {
        throw plattli::Error(plattli::Code::io, "C++ unwinds as well");
    } catch (const plattli::Error&) {
    }
    return plattli::Reader(argv[1]).rows("x") == 1 ? 0 : 1;
}
