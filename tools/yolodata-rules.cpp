// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/command_line.hpp"
#include "common/exit_codes.hpp"
#include "reports/output.hpp"
#include "yolodata/core/rules.hpp"

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* program = "yolodata rules";

struct Options {
    std::string format = "text", output;
};

Options parse(int argc, char** argv) {
    Options o;
    tools::CommandLine line(program, "Lists every rule that yolodata verify checks.");
    line.group("Output");
    line.option("format", &o.format, "FORMAT", "form of the list").choices = {"text", "json"};
    line.option("output", &o.output, "FILE", "write the list there instead of to stdout");
    line.epilog(
        "Exit code: 0 done, 2 wrong command line, 3 the list cannot be written.\n"
        "yolodata explain RULE tells more of one.");
    line.parse(argc, argv);
    return o;
}

void write_text(tools::Output& out) {
    std::size_t width = 0;
    for (const auto& rule : yolodata::rule_catalogue()) width = std::max(width, rule.id.size());
    out.write(fmt::format("{:<{}}  {:<8}  {:<13}  {}\n", "rule", width, "severity", "Ultralytics",
                          "holds when"));
    for (const auto& rule : yolodata::rule_catalogue())
        out.write(fmt::format("{:<{}}  {:<8}  {:<13}  {}\n", rule.id, width,
                              to_string(rule.severity), to_string(rule.verdict), rule.summary));
}

void write_json(tools::Output& out) {
    Json rules = Json::array();
    for (const auto& rule : yolodata::rule_catalogue()) {
        Json json;
        json["id"] = rule.id;
        json["severity"] = to_string(rule.severity);
        json["summary"] = rule.summary;
        json["ultralytics"] = to_string(rule.verdict);
        json["fix"] = to_string(rule.fix);
        json["harm"] = rule.harm;
        json["remedy"] = rule.remedy;
        rules.push_back(std::move(json));
    }
    out.write(rules.dump(1) + "\n");
}

}  // namespace

int main(int argc, char** argv) {
    return tools::run_command(program, [&] {
        const Options o = parse(argc, argv);
        tools::Output out(o.output);
        o.format == "json" ? write_json(out) : write_text(out);
        out.finish();
        return tools::exit_done;
    });
}
