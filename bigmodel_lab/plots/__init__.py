"""What chapters draw from data: charts and images in one look, with alt text."""

from bigmodel_lab.colors import COLORS as COLORS
from bigmodel_lab.plots.charts import bars as bars
from bigmodel_lab.plots.charts import confusion as confusion
from bigmodel_lab.plots.charts import curves as curves
from bigmodel_lab.plots.charts import fit_and_loss as fit_and_loss
from bigmodel_lab.plots.charts import learning_rate_range as learning_rate_range
from bigmodel_lab.plots.charts import residuals as residuals
from bigmodel_lab.plots.columns import histograms as histograms
from bigmodel_lab.plots.columns import scatters as scatters
from bigmodel_lab.plots.contours import landscapes as landscapes
from bigmodel_lab.plots.digits import captioned as captioned
from bigmodel_lab.plots.digits import filter_images as filter_images
from bigmodel_lab.plots.functions import paired_bars as paired_bars
from bigmodel_lab.plots.functions import scatter_with_lines as scatter_with_lines
from bigmodel_lab.plots.functions import with_slopes as with_slopes
from bigmodel_lab.plots.images import boxed as boxed
from bigmodel_lab.plots.images import image_rows as image_rows
from bigmodel_lab.plots.language import attention_maps as attention_maps
from bigmodel_lab.plots.language import crossover as crossover
from bigmodel_lab.plots.language import ladder as ladder
from bigmodel_lab.plots.language import probabilities as probabilities
from bigmodel_lab.plots.look import STYLE as STYLE
from bigmodel_lab.plots.look import picture as picture
from bigmodel_lab.plots.look import show as show
from bigmodel_lab.plots.look import use_style as use_style
from bigmodel_lab.plots.scaling import budgets as budgets
from bigmodel_lab.plots.scaling import roofline as roofline
from bigmodel_lab.plots.texts import (
    accuracy_against_seconds as accuracy_against_seconds,
)
from bigmodel_lab.plots.tuning import over_data as over_data
from bigmodel_lab.plots.tuning import tradeoff as tradeoff
