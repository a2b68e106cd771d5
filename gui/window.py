"""The window: what is drawn goes to the worker, and what the worker finds comes back."""

import sys
import tkinter as tk
import traceback

from gui.drawing.drawing import Drawing, Items, Picture
from gui.drawing.eraser import Point
from gui.drawing.tools import ERASER, Eraser, Pen
from gui.recognition.recogniser import Prediction
from gui.recognition.worker import Answer, Worker
from gui.widgets import file_dialogs
from gui.widgets.canvas import DrawingCanvas
from gui.widgets.clipboard import job_of_picture
from gui.widgets.keyboard import listen
from gui.widgets.measuring import Measuring
from gui.widgets.model_commands import ModelCommands
from gui.widgets.pane_commands import PaneCommands
from gui.widgets.settings import USUAL, Settings
from gui.widgets.side import Side
from gui.widgets.view import View
from gui.widgets.view_commands import ViewCommands
from tinycnn.utils.errors import FileError

SOON, LATER = 8, 60  # milliseconds until the worker is asked for answers again


class Window(ViewCommands, ModelCommands, PaneCommands):
    """A person draws, and sees it recognised.

    Args:
        root: an empty Tk window.
        worker: not yet started; it calls the methods of `Jobs`.
        saver: not yet started; it calls a `Saver`. No drawing waits for a model to be saved.
        model: the model file to begin with; None: ./mnist.h5 or the bundled model.
        settings: what was remembered; at the end, `settings` is what to remember.
    """

    def __init__(
        self,
        root: tk.Tk,
        worker: Worker,
        saver: Worker,
        model: str | None,
        settings: Settings = USUAL,
    ) -> None:
        self.root = root
        self.drawing = Drawing()
        self.worker, self._saver = worker, saver
        self.settings = settings
        self._gesture: Pen | Eraser | None = None
        self._version = 0  # of the drawing that was last given to the worker
        self._cleared = 0  # predictions of this version and older ones come too late
        self._has_model = False
        self._closed = False
        self.signal: int | None = None  # that closes the window, such as Ctrl-C's
        root.title("tinycnn: draw a digit")
        root.report_callback_exception = self._report
        root.protocol("WM_DELETE_WINDOW", self.close)
        system = root.tk.call("tk", "windowingsystem")
        self.view = View(root, self, self._make_canvas, settings, mac=system == "aqua")
        self.dialogs = file_dialogs.Dialogs(root, settings.folder, self._complain)
        self.side = Side(self)  # what lies beside the paper
        self.measuring = Measuring(self)
        listen(root, self, system)
        self._show()
        self.view.say(
            "Draw a digit. The model is being loaded; at the very first start that takes some seconds…"
        )
        self.view.models.asked(model)
        worker.submit("load", model)
        self._tick = root.after(1, self._start)

    # What the commands do. Each has a button, a key or both: see commands.py.

    def undo(self) -> None:
        """Take the last step back."""
        self._release()
        self.drawing.undo()
        self._show()

    def redo(self) -> None:
        """Take the undone step again."""
        self._release()
        self.drawing.redo()
        self._show()

    def clear(self) -> None:
        """Empty the canvas."""
        self.bring_back(())

    def bring_back(self, items: Items) -> None:
        """Put a drawing on the canvas, and the one that was there into the strip."""
        self._release()
        self.view.recent.keep(self.drawing.items)
        self.drawing.replace(items)
        self._show()

    def open_picture(self) -> None:
        """Ask for a picture, and put it on the canvas."""
        if path := self.dialogs.ask(file_dialogs.picture_to_open):
            self.worker.submit("open", path)

    def paste(self) -> None:
        """Put the picture that the clipboard holds on the canvas."""
        try:
            job = job_of_picture(self.root)
        except FileError as error:
            self._complain(str(error))
            return
        if job:
            self.worker.submit(*job)
        else:
            self._complain("There is no picture on the clipboard. Copy one, or open a file.")

    def take_test_digit(self) -> None:
        """Put a random digit of MNIST's test set on the canvas, and say its label."""
        self.worker.submit("take_test_digit")

    def save_drawing(self) -> None:
        """Ask for a name, and write the drawing there."""
        self._release()
        items = self.drawing.items
        if not items:
            self.view.say("There is nothing to save yet: draw a digit first.", wrong=True)
        elif path := self.dialogs.ask(file_dialogs.name_to_save):
            self._saver.submit("save", path, items)

    def close(self) -> None:
        """End. What is to be saved, is saved while nobody looks; whatever else is forgotten."""
        if self._closed:
            return
        self._closed = True
        self.settings = self.view.settings(self.dialogs.folder)
        self.root.after_cancel(self._tick)
        for worker in self.workers:
            worker.stop()
        self._saver.finish()
        self.root.tk.eval("proc bgerror {message} {}")  # dialogs that are taken away complain
        self.dialogs.end()

    @property
    def workers(self) -> tuple[Worker, ...]:
        """Those that end with the window; the one that saves does all that it was asked for before."""
        return self.worker, self.measuring.worker, *self.side.workers

    # From the mouse to the drawing.

    def _make_canvas(self, frame: tk.Misc) -> DrawingCanvas:
        return DrawingCanvas(frame, self._press, self._move, self._release, self._want_pixels)

    def _press(self, point: Point, erases: bool) -> None:
        self._release()
        if self._has_model:
            self.view.say("")  # what was said is known by now
        if erases or self.view.tool.get() == "take_eraser":
            self._gesture = Eraser(self.drawing.items, point)
        else:
            self._gesture = Pen(self.drawing.items, point, self.view.pen.get())
        self._move(point)

    def _move(self, point: Point) -> None:
        gesture = self._gesture
        if gesture is None:
            return
        piece = gesture.move(point)
        if piece and isinstance(gesture, Pen):
            self.view.canvas.line(*piece, gesture.width)
        if isinstance(gesture, Eraser):
            self.view.canvas.show(gesture.items, gesture.frame)
            self.view.canvas.ring(point, ERASER)
        self._want_prediction(gesture.items)

    def _release(self) -> None:
        if self._gesture is not None:
            self.drawing.replace(self._gesture.items)
            self._gesture = None
            self._show()

    # From the drawing to the screen and to the worker.

    def _show(self) -> None:
        """Show the drawing as it is now, and have its digit predicted."""
        items = self.drawing.items
        self.view.canvas.show(items)
        self.view.canvas.end_line()
        self.view.controls.enable("undo", possible=self.drawing.can_undo)
        self.view.controls.enable("redo", possible=self.drawing.can_redo)
        self.view.controls.enable("clear", possible=bool(items))
        self._want_prediction(items)

    def show_drawing_beside(self) -> None:
        """Tell the pane beside the paper what is drawn, as if it had just been drawn."""
        self._want_prediction(self._gesture.items if self._gesture else self.drawing.items)

    def _want_prediction(self, items: Items) -> None:
        self._version += 1
        self.measuring.disturb()
        if items:
            self.worker.submit_newest("predict", self._version, items, self.side.follows_layers)
            if (
                not self._has_model
            ):  # the worker loads it: the other one shows what the net will see
                self._saver.submit_newest("prepare", self._version, items)
        else:
            self._cleared = self._version
            self.view.prediction_panel.show(None)
        self.side.show_drawing(self._version, items)

    def _want_pixels(self, picture: Picture, side: int) -> None:
        self.worker.submit_newest("show", picture, side)

    # From the worker to the window.

    def _start(self) -> None:
        for worker in (self.worker, self._saver, self.measuring.worker):
            worker.start()
        self._fetch()

    def _fetch(self) -> None:
        """Take the worker's answers, and come again: soon, while there is something to come."""
        if self.signal is not None:
            self.close()
            return
        workers = (self._saver, *self.workers)
        soon = not all(worker.idle for worker in workers)
        self._tick = self.root.after(SOON if soon else LATER, self._fetch)
        for answer in [answer for worker in workers for answer in worker.answers()]:
            if "." in answer.job:
                self.side.take(answer)
            else:
                end = "failed" if answer.error else "done"
                getattr(self, f"_{answer.job}_{end}", self._failed)(answer)

    def _load_done(self, answer: Answer) -> None:
        self._has_model = True
        self.view.models.came(whole=True)
        self.view.say("Draw a digit." if not self.drawing.items else "")
        self.side.show_model()
        self.reads_with(answer.value)

    def _load_failed(self, answer: Answer) -> None:
        self.view.models.came(whole=False)
        self.view.say(answer.error, wrong=True)
        if not self._has_model:
            self.worker.submit("load_bundled")

    def _predict_done(self, answer: Answer) -> None:
        prediction: Prediction = answer.value
        if prediction.version > self._cleared:
            self.view.prediction_panel.show(prediction)

    def _predict_failed(self, answer: Answer) -> None:
        """Show no answer beside what it was not given to, such as another model's."""
        self.view.prediction_panel.show(None)
        if not self.view.status_bar.complains:  # of what led to this, and says more
            self._failed(answer)

    def _prepare_done(self, answer: Answer) -> None:
        if not self._has_model:
            self._predict_done(answer)

    def _open_done(self, answer: Answer) -> None:
        self.bring_back((answer.value,))
        self.view.say(f"{answer.value.name}. Draw to begin afresh.")

    _paste_done = _take_test_digit_done = _open_done

    def _save_done(self, answer: Answer) -> None:
        self.view.say(f"Saved {answer.value}")

    _save_view_done = _save_done

    def _show_done(self, answer: Answer) -> None:
        self.view.canvas.put_picture(*answer.value)

    def _complain(self, sentence: str) -> None:
        self.view.say(sentence, wrong=True)

    def _failed(self, answer: Answer) -> None:
        self._complain(answer.error)

    def _load_bundled_done(self, answer: Answer) -> None:
        """Name the model, and leave the sentence about the one that failed."""
        self._has_model = True
        self.side.show_model()
        self.reads_with(answer.value)

    def _report(self, kind: type, error: BaseException, trace: object) -> None:
        """Say what went wrong inside of an event, and go on."""
        traceback.print_exception(kind, error, trace, file=sys.stderr)
        self.view.say(f"This went wrong, and is not your fault: {error!r}", wrong=True)
