# The public names, and where each lives: type checkers read this file, and so does
# __init__.py, which imports a name when it is first used.
from . import classroom as classroom
from . import datasets as datasets
from . import drawings as drawings
from . import explain as explain
from . import models as models
from . import plots as plots
from . import results as results
from . import verse as verse
from .chapter import start_chapter as start_chapter
from .device import best_device as best_device
from .device import seed_everything as seed_everything
from .exercises import check as check
from .exercises import hint as hint
from .exercises import quiz as quiz
from .exercises import solution as solution
from .exercises import solved as solved
from .exercises import start_over as start_over
from .from_scratch import activations as activations
from .from_scratch import attention as attention
from .from_scratch import bpe as bpe
from .from_scratch import cleaning as cleaning
from .from_scratch import images as images
from .from_scratch import losses as losses
from .from_scratch import ngrams as ngrams
from .from_scratch import optimizers as optimizers
from .from_scratch import sampling as sampling
from .from_scratch import scalers as scalers
from .from_scratch import schedules as schedules
from .from_scratch import text as text
from .measuring import accuracy as accuracy
from .measuring import evaluate as evaluate
from .measuring import predict as predict
from .models import fast_digits as fast_digits
from .range_test import learning_rate_range_test as learning_rate_range_test
from .tolerance import about as about
from .training import Diverged as Diverged
from .training import Training as Training
from .widgets.attention_viewer import AttentionViewer as AttentionViewer
from .widgets.canvas import DigitCanvas as DigitCanvas
from .widgets.explorer import Explorer as Explorer
from .widgets.next_character import NextCharacter as NextCharacter
from .widgets.panel import TuningPanel as TuningPanel
from .widgets.text_explorer import TextExplorer as TextExplorer
from .widgets.writer import Writer as Writer

__version__: str
