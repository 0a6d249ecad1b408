"""Drawings that explain: architectures, derivations and workflows, drawn by code.

Each function draws one and shows it with its alt text; `sketch` is the paper.
"""

from bigmodel_lab.drawings.attention import attention_step as attention_step
from bigmodel_lab.drawings.attention import causal_mask_grid as causal_mask_grid
from bigmodel_lab.drawings.attention import heads as heads
from bigmodel_lab.drawings.attention import key_value_cache as key_value_cache
from bigmodel_lab.drawings.attention import rotary as rotary
from bigmodel_lab.drawings.gpt import byte_pairs as byte_pairs
from bigmodel_lab.drawings.gpt import gpt as gpt
from bigmodel_lab.drawings.gpt import gpt_block as gpt_block
from bigmodel_lab.drawings.gpt import shifted_by_one as shifted_by_one
from bigmodel_lab.drawings.losses import article_network as article_network
from bigmodel_lab.drawings.losses import backpropagation as backpropagation
from bigmodel_lab.drawings.losses import cross_entropy as cross_entropy
from bigmodel_lab.drawings.machines import cut_layers as cut_layers
from bigmodel_lab.drawings.machines import data_parallel as data_parallel
from bigmodel_lab.drawings.machines import pipeline_bubble as pipeline_bubble
from bigmodel_lab.drawings.machines import ring as ring
from bigmodel_lab.drawings.mnist import digit_networks as digit_networks
from bigmodel_lab.drawings.mnist import filter_slides as filter_slides
from bigmodel_lab.drawings.mnist import max_pooling as max_pooling
from bigmodel_lab.drawings.mnist import padding_and_stride as padding_and_stride
from bigmodel_lab.drawings.optimizers import optimizer_memory as optimizer_memory
from bigmodel_lab.drawings.optimizers import ravine_steps as ravine_steps
from bigmodel_lab.drawings.optimizers import walk_forward as walk_forward
from bigmodel_lab.drawings.preprocessing import ids_and_padding as ids_and_padding
from bigmodel_lab.drawings.preprocessing import leakage as leakage
from bigmodel_lab.drawings.preprocessing import looking_up_pixels as looking_up_pixels
from bigmodel_lab.drawings.preprocessing import reasons_for_gaps as reasons_for_gaps
from bigmodel_lab.drawings.preprocessing import table_pipeline as table_pipeline
from bigmodel_lab.drawings.regression import house_parts as house_parts
from bigmodel_lab.drawings.regression import line_as_network as line_as_network
from bigmodel_lab.drawings.regression import step_lengths as step_lengths
from bigmodel_lab.drawings.regression import two_valleys as two_valleys
from bigmodel_lab.drawings.scale import block_weights as block_weights
from bigmodel_lab.drawings.sharing import clipped_and_noisy as clipped_and_noisy
from bigmodel_lab.drawings.sharing import federated_round as federated_round
from bigmodel_lab.drawings.sharing import linkage as linkage
from bigmodel_lab.drawings.sharing import masks as masks
from bigmodel_lab.drawings.sharing import what_leaves as what_leaves
from bigmodel_lab.drawings.ship import batching as batching
from bigmodel_lab.drawings.ship import ways_to_ship as ways_to_ship
from bigmodel_lab.drawings.texts import embedding_bag as embedding_bag
from bigmodel_lab.drawings.texts import lstm_cell as lstm_cell
from bigmodel_lab.drawings.texts import news_classifier as news_classifier
from bigmodel_lab.drawings.texts import text_cnn as text_cnn
from bigmodel_lab.drawings.tuning import answer_only as answer_only
from bigmodel_lab.drawings.tuning import life_of_a_model as life_of_a_model
from bigmodel_lab.drawings.tuning import low_rank as low_rank
from bigmodel_lab.drawings.tuning import reward_loop as reward_loop
from bigmodel_lab.drawings.workflows import layers_and_blocks as layers_and_blocks
from bigmodel_lab.drawings.workflows import repeated_names as repeated_names
from bigmodel_lab.drawings.workflows import three_ingredients as three_ingredients
from bigmodel_lab.drawings.workflows import training_workflow as training_workflow
