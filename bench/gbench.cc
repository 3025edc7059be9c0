#include "gbench.h"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <unistd.h>
#include <vector>

#include "gbench_report.h"

extern "C" {
#include "error.h"
#include "gbench_flags.h"
}

namespace
{

/* Google Benchmark's state is the process's: each use begins and ends with none. */
class Session
{
  public:
    /* Each flag is given, for its default is a variable of the environment. */
    Session(bool lists, bool interleaves)
    {
        clear();
        std::string texts[] = {"afterfree",
                               std::string("--benchmark_list_tests=") + (lists ? "true" : "false"),
                               std::string("--benchmark_enable_random_interleaving=") +
                                   (interleaves ? "true" : "false"),
                               "--benchmark_filter=",
                               "--benchmark_repetitions=1",
                               "--benchmark_min_warmup_time=0",
                               "--benchmark_report_aggregates_only=false",
                               "--benchmark_display_aggregates_only=false",
                               "--benchmark_format=console",
                               "--benchmark_out=",
                               "--benchmark_out_format=json",
                               "--benchmark_color=false",
                               "--benchmark_perf_counters=",
                               "--benchmark_time_unit=",
                               "--v=0"};
        std::vector<char *> flags;
        for (std::string &text : texts)
            flags.push_back(&text[0]);
        int count = static_cast<int>(flags.size());
        flags.push_back(nullptr);
        benchmark::Initialize(&count, flags.data());
        benchmark::BenchmarkReporter::Context::executable_name = "afterfree"; /* else it is our text's */
        clear_context();                                                      /* of the environment */
    }
    ~Session()
    {
        clear();
    }
    Session(const Session &) = delete;
    Session &operator=(const Session &) = delete;

  private:
    static void clear_context()
    {
        delete benchmark::internal::GetGlobalContext();
        benchmark::internal::GetGlobalContext() = nullptr;
    }
    static void clear()
    {
        benchmark::ClearRegisteredBenchmarks();
        clear_context();
    }
};

/* What the filter leaves, in the order given: Google Benchmark's list of names that have nothing appended. */
bool find_subjects(const struct gbench *gbench, const struct gbench_flags &flags,
                   std::vector<gbench_subject> &subjects, GError **error)
{
    Session session(true, false);
    std::vector<std::string> names;
    for (unsigned i = 0; i < gbench->count; i++) {
        names.push_back(gbench_line(gbench->benchmarks[i].name));
        benchmark::RegisterBenchmark(names[i].c_str(), [](benchmark::State &) {});
    }
    std::stringstream out, errors;
    benchmark::ConsoleReporter reporter;
    reporter.SetOutputStream(&out);
    reporter.SetErrorStream(&errors);
    benchmark::RunSpecifiedBenchmarks(&reporter, flags.filter);
    std::string left;
    bool more = static_cast<bool>(std::getline(out, left));
    for (unsigned i = 0; i < gbench->count && more; i++)
        if (names[i] == left) {
            subjects.push_back({names[i], i, 0, {}});
            more = static_cast<bool>(std::getline(out, left));
        }
    if (!subjects.empty())
        return true;
    std::string why = gbench_line(errors.str().c_str());
    if (why.find("Could not compile") != std::string::npos)
        return error_refuse(error, EXIT_USAGE, "--benchmark_filter=%s: %s", flags.filter, why.c_str());
    return error_refuse(error, EXIT_NO_MATCH, "--benchmark_filter=%s leaves none of %u benchmarks",
                        flags.filter, gbench->count);
}

bool read_all(const struct gbench *gbench, struct gbench_flags &flags, std::vector<gbench_subject> &subjects,
              GError **error)
{
    return gbench_flags_read(gbench->flags, &flags, error) && find_subjects(gbench, flags, subjects, error);
}

bool add_context(const struct gbench *gbench, const struct gbench_flags &flags, GError **error)
{
    std::map<std::string, std::string> context = {
        {"real_time", "user + system CPU time that the process under test took for the phase, per record"},
        {"cpu_time", "the orchestrator's own, which waits meanwhile: no price of anything"},
    };
    for (unsigned i = 0; i < gbench->fact_count; i++)
        context.emplace(gbench_line(gbench->facts[i].name), gbench_line(gbench->facts[i].value));
    std::stringstream pairs(flags.context);
    for (std::string pair; std::getline(pairs, pair, ',');) {
        size_t sign = pair.find('=');
        std::string name = gbench_line(pair.substr(0, sign).c_str());
        if (!context.emplace(name, gbench_line(pair.substr(sign + 1).c_str())).second)
            return error_refuse(error, EXIT_USAGE,
                                "--benchmark_context: %s is told already: use another name", name.c_str());
    }
    for (const auto &fact : context)
        benchmark::AddCustomContext(fact.first, fact.second);
    return true;
}

/* What Google Benchmark runs for a repetition: one batch of as many iterations as there are records. */
void measure(benchmark::State &state, const struct gbench *gbench, gbench_subject &subject)
{
    auto records = static_cast<benchmark::IterationCount>(gbench->benchmarks[subject.benchmark].records);
    while (state.KeepRunningBatch(records)) {
        struct gbench_result result = {};
        unsigned repetition = subject.calls++;
        gbench->measure(gbench->opaque, subject.benchmark, repetition, &result);
        if (result.error)
            subject.errors[repetition] = gbench_line(result.error);
        state.SetIterationTime(result.error ? 0 : static_cast<double>(result.cpu_ns) / 1e9);
        for (unsigned i = 0; i < result.counter_count && !result.error; i++)
            state.counters[gbench_line(result.counters[i].name)] = result.counters[i].value;
    }
}

int console_options(const struct gbench_flags &flags)
{
    bool color = false;
    const char *terminal = g_getenv("TERM");
    if (!gbench_flags_truth(flags.color, &color))
        color = isatty(STDOUT_FILENO) && terminal && !g_str_equal(terminal, "dumb");
    return (color ? benchmark::ConsoleReporter::OO_Color : 0) |
           (flags.tabular ? benchmark::ConsoleReporter::OO_Tabular : 0);
}

benchmark::TimeUnit time_unit(const std::string &word)
{
    return word == "s"    ? benchmark::kSecond
           : word == "ms" ? benchmark::kMillisecond
           : word == "us" ? benchmark::kMicrosecond
                          : benchmark::kNanosecond;
}

bool refuse_out(const struct gbench_flags &flags, const char *why, GError **error)
{
    return error_refuse(error, EXIT_SYSTEM, "--benchmark_out=%s: %s", flags.out, why);
}

bool run(const struct gbench *gbench, char **json, GError **error)
{
    struct gbench_flags flags;
    std::vector<gbench_subject> subjects;
    if (!read_all(gbench, flags, subjects, error))
        return false;
    if (flags.lists) {
        for (const gbench_subject &subject : subjects)
            std::cout << subject.name << '\n';
        std::cout.flush();
        return true;
    }
    Session session(false, flags.interleaves);
    if (!add_context(gbench, flags, error))
        return false;
    std::ostringstream text;
    std::ofstream file;
    gbench_report report(subjects);
    report.add("json", &text, &text, 0, flags.report_aggregates_only);
    if (!gbench->quiet)
        report.add(flags.format, &std::cout, &std::cerr, console_options(flags),
                   flags.report_aggregates_only || flags.display_aggregates_only);
    if (*flags.out) {
        file.open(flags.out);
        report.add(flags.out_format, &file, &file, 0, flags.report_aggregates_only);
        if (!file)
            return refuse_out(flags, "cannot be written", error);
    }
    int repetitions = static_cast<int>(flags.repetitions ? flags.repetitions : gbench->repetitions);
    for (gbench_subject &subject : subjects)
        benchmark::RegisterBenchmark(
            subject.name.c_str(),
            [gbench, &subject](benchmark::State &state) { measure(state, gbench, subject); })
            ->Iterations(1) /* calls, not records */
            ->Repetitions(repetitions)
            ->Unit(time_unit(flags.time_unit))
            ->UseManualTime();
    benchmark::RunSpecifiedBenchmarks(&report, "all");
    file.flush();
    if (!file)
        return refuse_out(flags, "not all of it could be written", error);
    *json = g_strdup(text.str().c_str());
    return true;
}

} // namespace

extern "C" unsigned gbench_repetitions(const struct gbench *gbench)
{
    struct gbench_flags flags;
    if (!gbench_flags_read(gbench->flags, &flags, nullptr))
        return 0;
    return flags.repetitions ? flags.repetitions : gbench->repetitions;
}

extern "C" bool gbench_lists(const struct gbench *gbench)
{
    struct gbench_flags flags;
    return gbench_flags_read(gbench->flags, &flags, nullptr) && flags.lists;
}

extern "C" bool gbench_select(const struct gbench *gbench, bool *wanted, GError **error)
try {
    struct gbench_flags flags;
    std::vector<gbench_subject> subjects;
    std::fill_n(wanted, gbench->count, false);
    if (!read_all(gbench, flags, subjects, error))
        return false;
    if (*flags.out && !flags.lists && !std::ofstream(flags.out, std::ios::app))
        return refuse_out(flags, "cannot be written", error);
    for (const gbench_subject &subject : subjects)
        wanted[subject.benchmark] = true;
    return true;
} catch (const std::exception &exception) {
    return error_refuse(error, EXIT_SYSTEM, "Google Benchmark: %s", exception.what());
}

extern "C" bool gbench_run(const struct gbench *gbench, char **json, GError **error)
try {
    *json = nullptr;
    return run(gbench, json, error);
} catch (const std::exception &exception) {
    return error_refuse(error, EXIT_SYSTEM, "Google Benchmark: %s", exception.what());
}
