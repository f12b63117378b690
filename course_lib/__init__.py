"""The library of the course on image segmentation and image generation: what is where.

course_lib.images                 read a photograph; grey, float and uint8 on purpose
course_lib.data.samples           the bundled pictures: SAMPLES, load("coins")
course_lib.data.data_sets         the table of the data sets that can be downloaded, with checksums
course_lib.data.downloads         MNIST, Fashion-MNIST, BSDS500, Middlebury 2014, on demand
course_lib.data.fetching          a download that is verified, goes on where it stopped, and says what failed
course_lib.data.archives          members of zip and tar archives that are not trusted
course_lib.data.formats           readers of IDX, PFM, calibration and ground-truth files
course_lib.data.textures          photographs, bricks, pebbles, planks and 1/f noise for rendered surfaces
course_lib.data.surfaces          parallelograms, spheres, boxes, a lamp: what a scene is made of
course_lib.data.ray_caster        render(scene, camera): the picture with exact depth, normals and instances
course_lib.data.scenes            the reference room, random rooms, a room of repeats, and their cameras
course_lib.data.small_rooms       small rooms in batches with depth, normals and masks
course_lib.data.street            a street with cars and posts, for stereo
course_lib.data.ground_truth      exact edges, correspondences and disparity of a rendered view
course_lib.data.distance_fields   signed distance to polygons and disks; how much of a pixel a shape covers
course_lib.data.glyphs            digits and letters in 24 fonts, jittered, with labels; no download
course_lib.data.shapes            scenes of overlapping shapes with the class and the number of every pixel
course_lib.depth.camera           the pinhole camera: project, rays of pixels, back to points
course_lib.filters                correlation, convolution, Gaussian blur, bilinear sampling
course_lib.boundaries.sobel       the gradient of an image by the two 3x3 Sobel kernels
course_lib.boundaries.canny       edges one pixel wide: gradient, suppression, hysteresis
course_lib.boundaries.components  connected components by union-find; area, box, centroid, moments of regions
course_lib.boundaries.contours    the borders of a mask and their tree; area, length; filled again
course_lib.boundaries.watershed   flooding from markers
course_lib.boundaries.regions     Otsu's threshold; closed regions from edges with gaps
course_lib.metrics                boundary precision, recall and F; IoU; Dice; adjusted Rand; matched regions
course_lib.drawing                regions in colours on a picture
course_lib.plotting               rows of pictures, tables of numbers, charts; all with alt text
course_lib.sliders                figures with sliders, in JupyterLab and in the static page
course_lib.live                   live figures: the lens, Canny and regions computed in the page; JavaScript beside it
course_lib.checks                 the contracts of all arguments, and their error messages
course_lib.figure_checks          the contracts of pictures, captions and alt text

The import line is the path: from course_lib.boundaries.canny import canny
Type ?name for the contract and ??name for the source, which fits on a screen.
"""
