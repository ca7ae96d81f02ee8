#include "adapters/serving_scraper/exposition_figures.h"

#include <deque>
#include <string>
#include <vector>

#include "codec/exposition.h"

namespace reeve {

std::optional<serving::Figures> figures_from_exposition(std::string_view text, serving::Engine expected) {
  ExpositionReader samples(text);
  serving::FigureReader figures;
  std::vector<serving::MetricLabel> labels;
  std::deque<std::string> values;  // of labels that are written with escapes
  while (const ExpositionSample* sample = samples.next()) {
    if (!serving::FigureReader::is_known(sample->name)) continue;
    labels.clear();
    values.clear();
    for (const ExpositionLabel& label : sample->labels)
      labels.push_back({label.name, label.escaped ? std::string_view(values.emplace_back(unescaped(label))) : label.raw_value});
    figures.add(sample->name, labels, sample->value);
  }
  return figures.finish(expected);
}

}  // namespace reeve
