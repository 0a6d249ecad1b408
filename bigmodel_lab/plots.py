"""Figures that several chapters share, with colors everyone can tell apart."""



# Okabe & Ito (2008): distinguishable with every kind of color blindness.
COLORS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
