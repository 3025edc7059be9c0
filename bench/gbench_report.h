/* gbench_report.h: what Google Benchmark reports to (C++; gbench.cc's other half). It puts names, errors and numbers
 * right and hands them to each of the forms a report takes. */
#ifndef AFTERFREE_GBENCH_REPORT_H
#define AFTERFREE_GBENCH_REPORT_H

#include <benchmark/benchmark.h>
#include <cstdint>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

/* A benchmark that is wanted. Google Benchmark's own way to an error, SkipWithError, makes it read through a null
 * pointer when the first of several repetitions has one: so it hears of none, and the report is told here. */
struct gbench_subject {
    std::string name;
    unsigned benchmark; /* of those the caller has */
    unsigned calls;
    std::map<int64_t, std::string> errors; /* by repetition */
};

/* A line of text that JSON can hold: of control characters and bytes that are no UTF-8 Google Benchmark lets some by. */
std::string gbench_line(const char *text);

class gbench_report : public benchmark::BenchmarkReporter
{
  public:
    /* What is registered, in its order; its errors may still come. */
    explicit gbench_report(const std::vector<gbench_subject> &subjects) : subjects_(subjects)
    {
    }

    /* One more form: "console" (with ConsoleReporter's options), "json" or "csv". `errors`: where the console's
     * head goes. */
    void add(const std::string &format, std::ostream *out, std::ostream *errors, int options,
             bool aggregates_only);

    bool ReportContext(const Context &context) override;
    void ReportRuns(const std::vector<Run> &runs) override;
    void Finalize() override;

  private:
    struct form {
        std::unique_ptr<BenchmarkReporter> reporter;
        bool aggregates_only;
        bool at_once; /* CSV: its header needs all counters there will be, or it aborts at a new one */
        std::vector<Run> runs; /* for then */
    };
    const std::vector<gbench_subject> &subjects_;
    std::vector<form> forms_;
    std::vector<Run> good_; /* the repetitions last reported, but for those with an error */

    static void hand(form &to, const std::vector<Run> &runs);
    void aggregate_again(Run &run) const;
};

#endif
