"""The kinds of recurrent layers.

A new cell is a file beside these, and its line in `CELLS`.
"""

from neonym.nn.cells.cell import Cell
from neonym.nn.cells.gru import GruCell
from neonym.nn.cells.lstm import LstmCell
from neonym.nn.cells.rnn import RnnCell

__all__ = ["CELLS", "Cell", "GruCell", "LstmCell", "RnnCell"]

CELLS: dict[str, type[Cell]] = {
    "rnn": RnnCell,
    "gru": GruCell,
    "lstm": LstmCell,
}
