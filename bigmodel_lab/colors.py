"""The colors of figures and widgets, which everyone can tell apart."""

# Okabe & Ito (2008), distinguishable with every kind of color blindness, but with brown
# and violet instead of yellow and light blue, which are too pale for lines on white,
# and without black, which disappears in the dark theme.
COLORS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#994C26", "#8F39E6"]
BLUE, ORANGE, GREEN = COLORS[:3]
GRAY = "#767676"
RED = "#D14900"  # an orange dark enough for text
