#include "gbench_report.h"

#include <algorithm>
#include <cmath>
#include <glib.h>
#include <sstream>

namespace
{

using Run = benchmark::BenchmarkReporter::Run;

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

Run failed(Run run, const std::string &why)
{
    run.counters.clear();
    run.real_accumulated_time = run.cpu_accumulated_time = 0;
    set_error(run, why);
    return run;
}

/* A ratio of nothing to nothing (cv) is no number, and JSON has none such. False: nothing is left to say. */
bool make_finite(Run &run)
{
    for (auto counter = run.counters.begin(); counter != run.counters.end();)
        counter = std::isfinite(counter->second.value) ? std::next(counter) : run.counters.erase(counter);
    if (!std::isfinite(run.cpu_accumulated_time))
        run.cpu_accumulated_time = 0;
    return std::isfinite(run.real_accumulated_time);
}

} // namespace

std::string gbench_line(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    std::string line = valid;
    for (char &c : line)
        if (g_ascii_iscntrl(c))
            c = ' ';
    return line;
}

BENCHMARK_DISABLE_DEPRECATED_WARNING /* of the CSV reporter, which is going to go */
    void
    gbench_report::add(const std::string &format, std::ostream *out, std::ostream *errors, int options,
                       bool aggregates_only)
{
    std::unique_ptr<BenchmarkReporter> reporter;
    if (format == "json")
        reporter = std::make_unique<benchmark::JSONReporter>();
    else if (format == "csv")
        reporter = std::make_unique<benchmark::CSVReporter>();
    else
        reporter = std::make_unique<Console>(static_cast<benchmark::ConsoleReporter::OutputOptions>(options));
    reporter->SetOutputStream(out);
    reporter->SetErrorStream(errors);
    forms_.push_back({std::move(reporter), aggregates_only, format == "csv", {}});
}
BENCHMARK_RESTORE_DEPRECATED_WARNING

bool gbench_report::ReportContext(const Context &context)
{
    Context ours = context;
    ours.name_field_width = 10;
    for (const gbench_subject &subject : subjects_)
        ours.name_field_width = std::max(ours.name_field_width, subject.name.size() + sizeof "_median" - 1);
    bool goes_on = true;
    for (form &to : forms_)
        goes_on &= to.reporter->ReportContext(ours);
    return goes_on;
}

/* Called for a benchmark's repetitions, and then, if there are several, for its aggregates. */
void gbench_report::ReportRuns(const std::vector<Run> &runs)
{
    if (runs.empty())
        return;
    const gbench_subject &subject = subjects_.at(static_cast<size_t>(runs[0].family_index));
    bool aggregates = runs[0].run_type == Run::RT_Aggregate;
    if (aggregates && good_.size() < 2)
        return;
    std::vector<Run> good, bad;
    for (Run run : runs) {
        run.run_name = {};
        run.run_name.function_name = subject.name;
        if (aggregates && !subject.errors.empty())
            aggregate_again(run);
        auto error = aggregates ? subject.errors.end() : subject.errors.find(run.repetition_index);
        if (error != subject.errors.end())
            bad.push_back(failed(run, error->second));
        else if (make_finite(run))
            good.push_back(run);
    }
    for (form &to : forms_) {
        if (aggregates || good.size() < 2 || !to.aggregates_only)
            hand(to, good);
        hand(to, bad);
    }
    if (!aggregates)
        good_ = good;
}

void gbench_report::hand(form &to, const std::vector<Run> &runs)
{
    if (to.at_once)
        to.runs.insert(to.runs.end(), runs.begin(), runs.end());
    else if (!runs.empty())
        to.reporter->ReportRuns(runs);
    to.reporter->GetOutputStream().flush();
}

void gbench_report::Finalize()
{
    for (form &to : forms_) {
        if (to.at_once)
            to.reporter->ReportRuns(to.runs);
        to.reporter->Finalize();
        to.reporter->GetOutputStream().flush();
    }
}

/* Over the repetitions that have no error; there are some. */
void gbench_report::aggregate_again(Run &run) const
{
    std::vector<double> real, cpu;
    std::map<std::string, std::vector<double>> counters;
    for (const Run &one : good_) {
        real.push_back(one.real_accumulated_time);
        cpu.push_back(one.cpu_accumulated_time);
        for (const auto &counter : one.counters)
            counters[counter.first].push_back(counter.second);
    }
    for (const auto &statistic : *good_[0].statistics) {
        if (statistic.name_ != run.aggregate_name)
            continue;
        run.iterations = static_cast<benchmark::IterationCount>(good_.size());
        /* A time will be divided by that, but is of as many records as one repetition has. */
        double scale = statistic.unit_ == benchmark::kTime
                           ? static_cast<double>(run.iterations) / static_cast<double>(good_[0].iterations)
                           : 1;
        run.real_accumulated_time = statistic.compute_(real) * scale;
        run.cpu_accumulated_time = statistic.compute_(cpu) * scale;
        run.counters.clear();
        for (const auto &counter : counters)
            run.counters[counter.first] = statistic.compute_(counter.second);
    }
}
