#include "gbench.h"

#include <benchmark/benchmark.h>
#include <cmath>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <unistd.h>
#include <vector>

extern "C" {
#include "error.h"
#include "gbench_flags.h"
}

namespace
{

using benchmark::BenchmarkReporter;
using Run = BenchmarkReporter::Run;

/* A benchmark that is wanted. Google Benchmark's own way to an error, SkipWithError, makes it read through a null
 * pointer when the first of several repetitions has one: so it hears of none, and the report is told here. */
struct Subject {
    std::string name;
    unsigned benchmark;
    unsigned calls = 0;
    std::map<int64_t, std::string> errors; /* by repetition */
};

/* A line of text that JSON can hold: Google Benchmark escapes no control character but the usual, and no byte. */
std::string line_of(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    std::string line = valid;
    for (char &c : line)
        if (g_ascii_iscntrl(c))
            c = ' ';
    return line;
}

/* The fields' names before 1.8, and since. */
template <typename R>
auto set_error(R &run, const std::string &text) -> decltype((void)(run.error_message = text))
{
    run.error_occurred = true;
    run.error_message = text;
}

template <typename R>
auto set_error(R &run, const std::string &text) -> decltype((void)(run.skip_message = text))
{
    run.skipped = static_cast<decltype(run.skipped)>(2); /* SkippedWithError */
    run.skip_message = text;
}

/* Google Benchmark's table, but for its head: the CPU it means is not what is measured. And its warning that the
 * library was built for debugging (Debian's is) would be about times it does not take. */
class Console : public benchmark::ConsoleReporter
{
  public:
    using ConsoleReporter::ConsoleReporter;

    bool ReportContext(const Context &context) override
    {
        std::ostream &errors = GetErrorStream();
        std::stringstream text;
        SetErrorStream(&text);
        bool goes_on = ConsoleReporter::ReportContext(context);
        SetErrorStream(&errors);
        for (std::string line; std::getline(text, line);)
            if (line.find("Library was built as DEBUG") == std::string::npos)
                errors << line << '\n';
        return goes_on;
    }

  protected:
    void PrintHeader(const Run &run) override
    {
        std::ostream &out = GetOutputStream();
        std::ostringstream text;
        SetOutputStream(&text);
        ConsoleReporter::PrintHeader(run);
        SetOutputStream(&out);
        std::string head = text.str();
        size_t cpu = head.find("         CPU ");
        if (cpu != std::string::npos)
            head.replace(cpu, 12, "orchestrator");
        out << head;
    }
};

/* One of the forms a report takes. */
struct Sink {
    std::unique_ptr<BenchmarkReporter> reporter;
    bool aggregates_only;
    bool at_once;          /* CSV: its header needs all counters there will be, or it aborts at a new one */
    std::vector<Run> runs; /* for then */
};

BENCHMARK_DISABLE_DEPRECATED_WARNING /* of the CSV reporter, which is going to go */
    Sink
    make_sink(const std::string &format, std::ostream *out, int options, bool aggregates_only)
{
    std::unique_ptr<BenchmarkReporter> reporter;
    if (format == "json")
        reporter = std::make_unique<benchmark::JSONReporter>();
    else if (format == "csv")
        reporter = std::make_unique<benchmark::CSVReporter>();
    else
        reporter = std::make_unique<Console>(static_cast<benchmark::ConsoleReporter::OutputOptions>(options));
    reporter->SetOutputStream(out);
    return {std::move(reporter), aggregates_only, format == "csv", {}};
}
BENCHMARK_RESTORE_DEPRECATED_WARNING

/* What Google Benchmark reports to: puts names, errors and numbers right and hands them to each sink. */
class Fan : public BenchmarkReporter
{
  public:
    Fan(const std::vector<Subject> &subjects, std::vector<Sink> &sinks) : subjects_(subjects), sinks_(sinks)
    {
    }

    bool ReportContext(const Context &context) override
    {
        Context ours = context;
        ours.name_field_width = 10;
        for (const Subject &subject : subjects_)
            ours.name_field_width =
                std::max(ours.name_field_width, subject.name.size() + sizeof "_median" - 1);
        bool go_on = true;
        for (Sink &sink : sinks_)
            go_on &= sink.reporter->ReportContext(ours);
        return go_on;
    }

    /* Called for a benchmark's repetitions, and then, if there are several, for its aggregates. */
    void ReportRuns(const std::vector<Run> &runs) override
    {
        if (runs.empty())
            return;
        const Subject &subject = subjects_.at(static_cast<size_t>(runs[0].family_index));
        std::vector<Run> good, bad;
        for (Run run : runs) {
            run.run_name = {};
            run.run_name.function_name = subject.name;
            if (run.run_type == Run::RT_Aggregate && !subject.errors.empty())
                again(run);
            auto error = subject.errors.find(run.repetition_index);
            if (run.run_type != Run::RT_Aggregate && error != subject.errors.end())
                bad.push_back(failed(run, error->second));
            else if (make_finite(run))
                good.push_back(run);
        }
        bool aggregates = runs[0].run_type == Run::RT_Aggregate;
        if (aggregates && good_.size() < 2)
            return;
        for (Sink &sink : sinks_) {
            if (aggregates || good.size() < 2 || !sink.aggregates_only)
                hand(sink, good);
            hand(sink, bad);
        }
        if (!aggregates)
            good_ = good;
    }

    void Finalize() override
    {
        for (Sink &sink : sinks_) {
            if (sink.at_once)
                sink.reporter->ReportRuns(sink.runs);
            sink.reporter->Finalize();
            sink.reporter->GetOutputStream().flush();
        }
    }

  private:
    const std::vector<Subject> &subjects_;
    std::vector<Sink> &sinks_;
    std::vector<Run> good_; /* the repetitions last reported */

    static Run failed(Run run, const std::string &why)
    {
        run.counters.clear();
        run.real_accumulated_time = run.cpu_accumulated_time = 0;
        set_error(run, why);
        return run;
    }

    /* The aggregate over the repetitions that have no error. */
    void again(Run &run) const
    {
        run.counters.clear();
        for (const auto &statistic :
             good_.empty() ? std::vector<benchmark::internal::Statistics>() : *good_[0].statistics) {
            if (statistic.name_ != run.aggregate_name)
                continue;
            std::vector<double> real, cpu;
            std::map<std::string, std::vector<double>> counters;
            for (const Run &one : good_) {
                real.push_back(one.real_accumulated_time);
                cpu.push_back(one.cpu_accumulated_time);
                for (const auto &counter : one.counters)
                    counters[counter.first].push_back(counter.second);
            }
            run.iterations = static_cast<benchmark::IterationCount>(good_.size());
            /* A time will be divided by that; the values are of as many records. */
            double scale = statistic.unit_ == benchmark::kTime ? static_cast<double>(run.iterations) /
                                                                     static_cast<double>(good_[0].iterations)
                                                               : 1;
            run.real_accumulated_time = statistic.compute_(real) * scale;
            run.cpu_accumulated_time = statistic.compute_(cpu) * scale;
            for (const auto &counter : counters)
                run.counters[counter.first] = statistic.compute_(counter.second);
        }
    }

    /* A ratio of nothing to nothing (cv) is no number, and JSON has none such. False: nothing is left to say. */
    static bool make_finite(Run &run)
    {
        for (auto counter = run.counters.begin(); counter != run.counters.end();)
            counter = std::isfinite(counter->second.value) ? std::next(counter) : run.counters.erase(counter);
        if (!std::isfinite(run.cpu_accumulated_time))
            run.cpu_accumulated_time = 0;
        return std::isfinite(run.real_accumulated_time);
    }

    static void hand(Sink &sink, const std::vector<Run> &runs)
    {
        if (sink.at_once)
            sink.runs.insert(sink.runs.end(), runs.begin(), runs.end());
        else if (!runs.empty())
            sink.reporter->ReportRuns(runs);
        sink.reporter->GetOutputStream().flush();
    }
};

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
        BenchmarkReporter::Context::executable_name = "afterfree"; /* else it is our text's */
        clear_context();                                           /* of the environment */
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
                   std::vector<Subject> &subjects, GError **error)
{
    Session session(true, false);
    std::vector<std::string> names;
    for (unsigned i = 0; i < gbench->count; i++) {
        names.push_back(line_of(gbench->benchmarks[i].name));
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
    std::string why = line_of(errors.str().c_str());
    if (why.find("Could not compile") != std::string::npos)
        return error_refuse(error, EXIT_USAGE, "--benchmark_filter=%s: %s", flags.filter, why.c_str());
    return error_refuse(error, EXIT_NO_MATCH, "--benchmark_filter=%s leaves none of %u benchmarks",
                        flags.filter, gbench->count);
}

bool read_all(const struct gbench *gbench, struct gbench_flags &flags, std::vector<Subject> &subjects,
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
        context.emplace(line_of(gbench->facts[i].name), line_of(gbench->facts[i].value));
    std::stringstream pairs(flags.context);
    for (std::string pair; std::getline(pairs, pair, ',');) {
        size_t sign = pair.find('=');
        std::string name = line_of(pair.substr(0, sign).c_str());
        if (!context.emplace(name, line_of(pair.substr(sign + 1).c_str())).second)
            return error_refuse(error, EXIT_USAGE,
                                "--benchmark_context: %s is told already: use another name", name.c_str());
    }
    for (const auto &fact : context)
        benchmark::AddCustomContext(fact.first, fact.second);
    return true;
}

/* What Google Benchmark runs for a repetition: one batch of as many iterations as there are records. */
void measure(benchmark::State &state, const struct gbench *gbench, Subject &subject)
{
    auto records = static_cast<benchmark::IterationCount>(gbench->benchmarks[subject.benchmark].records);
    while (state.KeepRunningBatch(records)) {
        struct gbench_result result = {};
        unsigned repetition = subject.calls++;
        gbench->measure(gbench->opaque, subject.benchmark, repetition, &result);
        if (result.error)
            subject.errors[repetition] = line_of(result.error);
        state.SetIterationTime(result.error ? 0 : static_cast<double>(result.cpu_ns) / 1e9);
        for (unsigned i = 0; i < result.counter_count && !result.error; i++)
            state.counters[line_of(result.counters[i].name)] = result.counters[i].value;
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

bool run(const struct gbench *gbench, char **json, GError **error)
{
    struct gbench_flags flags;
    std::vector<Subject> subjects;
    if (!read_all(gbench, flags, subjects, error))
        return false;
    if (flags.lists) {
        for (const Subject &subject : subjects)
            std::cout << subject.name << '\n';
        std::cout.flush();
        return true;
    }
    Session session(false, flags.interleaves);
    if (!add_context(gbench, flags, error))
        return false;
    std::ostringstream text;
    std::ofstream file;
    std::vector<Sink> sinks;
    sinks.push_back(make_sink("json", &text, 0, flags.report_aggregates_only));
    if (!gbench->quiet)
        sinks.push_back(make_sink(flags.format, &std::cout, console_options(flags),
                                  flags.report_aggregates_only || flags.display_aggregates_only));
    if (*flags.out) {
        file.open(flags.out);
        sinks.push_back(make_sink(flags.out_format, &file, 0, flags.report_aggregates_only));
        sinks.back().reporter->SetErrorStream(&file);
        if (!file)
            return error_refuse(error, EXIT_SYSTEM, "--benchmark_out=%s: cannot be written", flags.out);
    }
    int repetitions = static_cast<int>(flags.repetitions ? flags.repetitions : gbench->repetitions);
    for (Subject &subject : subjects)
        benchmark::RegisterBenchmark(
            subject.name.c_str(),
            [gbench, &subject](benchmark::State &state) { measure(state, gbench, subject); })
            ->Iterations(1) /* calls, not records */
            ->Repetitions(repetitions)
            ->Unit(time_unit(flags.time_unit))
            ->UseManualTime();
    Fan fan(subjects, sinks);
    benchmark::RunSpecifiedBenchmarks(&fan, "all");
    file.flush();
    if (!file)
        return error_refuse(error, EXIT_SYSTEM, "--benchmark_out=%s: not all of it could be written",
                            flags.out);
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
    std::vector<Subject> subjects;
    std::fill_n(wanted, gbench->count, false);
    if (!read_all(gbench, flags, subjects, error))
        return false;
    for (const Subject &subject : subjects)
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
