// What a build without default features can do, and what it refuses.
#include <plattli.hpp>

int main(int argc, char** argv) {
    if (argc < 3 || !plattli::has_feature("run") || plattli::has_feature("patterns")) return 2;
    plattli::ImportOptions options;
    options.skip_columns = {"DEFAULT"};
    try {
        plattli::import_jsonl(argv[1], argv[2], options);
        return 3;
    } catch (const plattli::Error& error) {
        if (error.code() != plattli::Code::unsupported) return 4;
    }
    return plattli::import_jsonl(argv[1], argv[2]).metrics == 1 ? 0 : 5;
}
