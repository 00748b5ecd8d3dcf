bool simulate(const char* dir);

int main(int argc, char** argv) { return argc < 2 || !simulate(argv[1]); }
