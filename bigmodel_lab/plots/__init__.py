"""What chapters draw from data: charts and images in one look, with alt text."""

from bigmodel_lab.colors import COLORS as COLORS
from bigmodel_lab.colors import GRAY as GRAY
from bigmodel_lab.plots.charts import bars as bars
from bigmodel_lab.plots.charts import curves as curves
from bigmodel_lab.plots.charts import learning_rate_range as learning_rate_range
from bigmodel_lab.plots.charts import residuals as residuals
from bigmodel_lab.plots.images import image_rows as image_rows
from bigmodel_lab.plots.look import DARK_THEME as DARK_THEME
from bigmodel_lab.plots.look import STYLE as STYLE
from bigmodel_lab.plots.look import WIDE as WIDE
from bigmodel_lab.plots.look import picture as picture
from bigmodel_lab.plots.look import show as show
from bigmodel_lab.plots.look import use_style as use_style
from bigmodel_lab.plots.texts import (
    accuracy_against_seconds as accuracy_against_seconds,
)
from bigmodel_lab.plots.texts import confusions as confusions
